"""Chooses selling points for a viewer: what they care about, what is rare in its category, and what viewers ask for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamrec.events.types import Item
from streamrec.understanding.answers.candidates import of_item
from streamrec.understanding.answers.languages import words
from streamrec.understanding.answers.terms import Reading
from streamrec.understanding.normalise import normalise
from streamrec.understanding.points.claims import Claims
from streamrec.understanding.points.facts import Fact, facts

_INTEREST, _WORD, _ASKED = 2.0, 1.0, 1.0
"""How much more a fact counts that the viewer asked about, that has a word of theirs, and that all viewers ask about."""
_UNNAMED = 0.6
"""A sentence of a description is longer than a field, and says less with each word."""


@dataclass(frozen=True, slots=True)
class Interest:
    """What someone cares about: kinds of facts with weights, and words."""

    kinds: Mapping[str, float] = field(default_factory=dict)
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Point:
    """A selling point in words, with its source: the field, the words there, and where they begin."""

    text: str
    field: str
    quote: str
    offset: int
    score: float


def interest(texts: Sequence[str]) -> Interest:
    """What texts of a viewer (questions, wishes, categories) show that they care about."""
    kinds: Counter[str] = Counter()
    terms: set[str] = set()
    for text in texts:
        reading = Reading(normalise(text))
        kinds.update(set(reading.kinds))
        terms |= {term for term in reading.content if len(term) > 1}
    most = max(kinds.values(), default=1)
    return Interest({kind: count / most for kind, count in kinds.items()}, frozenset(terms))


def points(
    item: Item,
    claims: Claims,
    language: str,
    viewer: Interest | None = None,
    peers: Sequence[Item] = (),
    asked: Interest | None = None,
    most: int = 3,
) -> list[Point]:
    """The selling points of an item, best first, each kind of fact once. `peers` are other items of its category."""
    told = facts(item, claims)
    usual = _usual(peers)
    scored = [(_score(fact, viewer or Interest(), asked or Interest(), usual, len(peers)), fact) for fact in told]
    chosen: list[Point] = []
    kinds: set[str] = set()
    for score, fact in sorted(scored, key=lambda pair: -pair[0]):
        if fact.kinds and fact.kinds <= kinds:
            continue
        kinds |= fact.kinds
        chosen.append(Point(_in_words(fact, language), fact.field, fact.quote, fact.offset, round(score, 4)))
        if len(chosen) == most:
            break
    return chosen


def _score(fact: Fact, viewer: Interest, asked: Interest, usual: Counter[tuple[str, str]], peers: int) -> float:
    cared = max((viewer.kinds.get(kind, 0.0) for kind in fact.kinds), default=0.0)
    sought = max((asked.kinds.get(kind, 0.0) for kind in fact.kinds), default=0.0)
    own = bool(viewer.terms & fact.candidate.body.terms.keys())
    return _rarity(fact, usual, peers) * (1 + _INTEREST * cared + _WORD * own) * (1 + _ASKED * sought) * (1.0 if fact.named else _UNNAMED)


def _rarity(fact: Fact, usual: Counter[tuple[str, str]], peers: int) -> float:
    """From the share of peers that say the same of themselves; without peers everything is as rare."""
    same = max((usual[(kind, term)] for kind in fact.kinds or {fact.field} for term in [_value(fact)]), default=0)
    return math.log1p((peers + 1) / (same + 1)) / math.log1p(peers + 1) if peers else 1.0


def _usual(peers: Sequence[Item]) -> Counter[tuple[str, str]]:
    usual: Counter[tuple[str, str]] = Counter()
    for peer in peers:
        usual.update({(kind, one.body.folded) for one in of_item(peer) for kind in one.kinds or {one.field}})
    return usual


def _value(fact: Fact) -> str:
    return fact.candidate.body.folded


def _in_words(fact: Fact, language: str) -> str:
    says = words(language).says
    if fact.named:
        return says["point"].format(field=fact.field.replace("_", " "), value=fact.quote)
    return says["sentence_point"].format(quote=fact.quote)
