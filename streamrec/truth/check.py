"""Checks the reasons of lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from streamrec.events.types import Recommendation
from streamrec.ranking.reasons.languages import DEFAULT, Language
from streamrec.ranking.reasons.sentences import in_words
from streamrec.truth.history import History
from streamrec.truth.oracle import judge
from streamrec.truth.place import Likeness, Place


@dataclass(frozen=True, slots=True)
class Falsehood:
    """A reason that is not so."""

    list_id: str
    rank: int
    item_id: str
    code: str
    sentence: str
    says: str
    """What the events say."""


@dataclass(slots=True)
class Checked:
    """What was checked, and what was found."""

    lists: int = 0
    places: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """By code, without what follows a colon."""
    unchecked: Counter[str] = field(default_factory=Counter)
    """Those of which nothing can tell, by why."""
    false: list[Falsehood] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        found = [{name: getattr(each, name) for name in Falsehood.__slots__} for each in self.false]
        return {
            "lists": self.lists,
            "places": self.places,
            "reasons": sum(self.reasons.values()),
            "by_code": dict(sorted(self.reasons.items())),
            "unchecked": dict(self.unchecked),
            "false": found,
        }


def check(lists: Iterable[Recommendation], history: History, likeness: Likeness | None, language: Language = DEFAULT) -> Checked:
    """Judge every reason of every list by what happened."""
    checked = Checked()
    for made in lists:
        checked.lists += 1
        for place in made.items:
            checked.places += 1
            at = Place(history, likeness, made, place)
            for code in place.reasons:
                _one(at, code, checked, language)
    return checked


def _one(at: Place, code: str, checked: Checked, language: Language) -> None:
    verdict = judge(at, code)
    # Of what the viewer did around the trigger the list knew all, or not what came after it, or (a replay before it) not the trigger.
    for until in (at.now, at.now - 1):
        if verdict.so is False:
            earlier = judge(replace(at, known_until=until), code)
            verdict = earlier if earlier.so else verdict
    checked.reasons[code.partition(":")[0]] += 1
    so, says = verdict
    if so is False and at.history.gaps:
        so, says = None, f"it may rest on what is gone: {', '.join(at.history.gaps)}"
    if so is None:
        checked.unchecked[says] += 1
    elif not so:
        place = at.place
        titles = {own: item.title for own in (place.item_id, place.because) if own and (item := at.history.item(own, at.end))}
        sentence = in_words(place, titles, language)[place.reasons.index(code)]
        checked.false.append(Falsehood(at.made.list_id, place.rank, place.item_id, code, sentence, says))
