"""Which questions of a room are the same, so that each is answered once in a window and its askers are counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from msgspec import Struct, field

from streamrec.events.speech import AnswerSource, Intent
from streamrec.understanding.answers.answerer import ANSWERED
from streamrec.understanding.answers.asked import Answer, Asked
from streamrec.understanding.answers.features import naming
from streamrec.understanding.answers.focus import focus
from streamrec.understanding.answers.terms import Reading
from streamrec.understanding.normalise import normalise

WINDOW_MS: Final = 60_000
"""How long after it was asked first a question is the same question: what is known changes, and so do viewers."""
MOST_OPEN: Final = 64
"""Open questions of a room: beyond them the one that was asked last the longest ago is forgotten."""
MOST_ASKERS: Final = 100
"""Comments and people that a question remembers; later ones are counted."""
_ALIKE = 0.5
"""The share of words, or of sounds, that the same question has in common with another."""


class Gist(Struct, frozen=True, array_like=True):
    """What a question is about."""

    intent: Intent
    item_id: str | None
    kinds: tuple[str, ...]
    terms: tuple[str, ...]
    sounds: tuple[str, ...]
    source: str = ""
    """Where its answer is from: the source and the field; empty without an answer."""


class OpenQuestion(Struct, array_like=True):
    """A question of a room with who asks it; plain data, to be stored with the room."""

    gist: Gist
    text: str
    ts: int
    last_ts: int
    asked: int = 0
    event_ids: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    reply_id: str | None = None
    """The reply that it got, its text and where that is from."""
    answer: str | None = None
    source: AnswerSource | None = None


def gist(asked: Asked, answer: Answer | None = None) -> Gist | None:
    """What a question is about; None where it is none that is answered."""
    intent = next((intent for intent in ANSWERED if intent in asked.intents), None)
    if intent is None:
        return None
    question = Reading(asked.normal)
    title = None if asked.item is None else Reading(normalise(asked.item.title))
    return Gist(
        intent,
        asked.item.item_id if asked.item is not None else None,
        tuple(sorted(question.kinds)),
        tuple(sorted(focus(question, naming(title, ())))),
        tuple(sorted(question.sounds)),
        f"{answer.source}:{answer.field}" if answer is not None else "",
    )


def same(one: Gist, other: Gist) -> bool:
    """Whether two questions are one: of one intent and item, with one answer; without answers by words, sounds, or what they ask for."""
    if one.item_id != other.item_id:
        return False
    if one.source and other.source:
        # Whether a weight is a matter of size or of quality is all one to those who ask.
        return one.source == other.source
    if one.intent != other.intent:
        return False
    if _numbers(one) and _numbers(other) and _numbers(one) != _numbers(other):
        return False
    if one.terms == other.terms or _alike(one.terms, other.terms) or _alike(one.sounds, other.sounds):
        return True
    # "多少钱" and "怎么卖" share no word.
    return bool(one.kinds) and one.kinds == other.kinds and not (_own(one) and _own(other))


def ask(
    questions: list[OpenQuestion], new: Gist, text: str, ts: int, event_id: str, user_id: str, window_ms: int = WINDOW_MS
) -> OpenQuestion:
    """Count a question of a room; `asked` of what is returned is 1 where it is new in this window and is to be answered.

    Questions whose window is over at `ts` are dropped from `questions`.
    """
    questions[:] = [one for one in questions if ts - one.ts < window_ms]
    found = next((one for one in questions if same(one.gist, new)), None)
    if found is None:
        found = OpenQuestion(new, text, ts, ts)
        questions.append(found)
        if len(questions) > MOST_OPEN:
            questions.remove(min(questions, key=lambda one: one.last_ts))
    found.asked += 1
    found.last_ts = max(found.last_ts, ts)
    if len(found.event_ids) < MOST_ASKERS and event_id not in found.event_ids:
        found.event_ids.append(event_id)
    if len(found.users) < MOST_ASKERS and user_id not in found.users:
        found.users.append(user_id)
    return found


def most_asked(questions: Sequence[OpenQuestion], most: int) -> list[OpenQuestion]:
    """The questions that most people ask, of equally many the latest."""
    return sorted(questions, key=lambda one: (-len(one.users), -one.last_ts))[:most]


def _own(one: Gist) -> set[str]:
    """Words of more than one character beside those that ask."""
    return {term for term in one.terms if len(term) > 1}


def _numbers(one: Gist) -> set[str]:
    return {term for term in one.terms if term[0].isdigit()}


def _alike(mine: Collection[str], theirs: Collection[str]) -> bool:
    both = set(mine) | set(theirs)
    return bool(both) and len(set(mine) & set(theirs)) >= _ALIKE * len(both)
