"""What made-up viewers write, mostly about the item on air, and what they mean by it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Protocol

from msgspec import convert

from streamrec.events.speech import Intent, Sentiment
from streamrec.events.types import Item
from streamrec.simulator.truth import Truth
from streamrec.simulator.utterances import How, Language, language_of, slip, words

WANTS = {
    "greeting": 6, "ask_price": 13, "ask_size": 8, "ask_stock": 6, "ask_delivery": 6, "ask_quality": 11, "ask_show": 7, "want": 14,
    "want_not": 2, "refuse": 5, "praise": 10, "complaint": 7, "other": 14, "ask_price+ask_stock": 2, "want+ask_delivery": 2,
    "praise+ask_price": 2, "complaint+ask_price": 1,
}  # fmt: skip
"""How often a comment wants what. Not measured: a room on which something of every kind is seen within a minute."""
LIKED = {"want": 2.0, "praise": 2.0, "want+ask_delivery": 2.0, "refuse": 0.2, "complaint": 0.3}
"""How much more often what is to the viewer's taste has such a comment."""
ON_AIR, BEFORE = 0.75, 0.08
"""Chances that a comment is about the item on air, or the one before; else it is about another one of the shelf."""
HOWS: dict[str, tuple[tuple[How, float], ...]] = {
    "on_air": (("on_air", 0.74), ("kind", 0.14), ("number", 0.12)),
    "before": (("before", 1.0),),
    "shelf": (("number", 0.65), ("kind", 0.35)),
}
NONE = 0.25
"""Chance that a question or a judgement is about the shop, where it can be."""
DRESSED = 0.15
SLIPS = 0.02

_MEANT: dict[str, tuple[tuple[Intent, ...], Sentiment]] = {"refuse": (("other",), "neutral"), "want_not": (("want",), "positive")}
_MOODS: dict[str, Sentiment] = {"want": "positive", "praise": "positive", "complaint": "negative"}


class Room(Protocol):
    """What a comment is written into."""

    @property
    def shelf(self) -> Sequence[Item]: ...
    @property
    def on_air(self) -> Item: ...
    @property
    def before(self) -> Item | None: ...


class Written(NamedTuple):
    """A comment and its truth."""

    text: str
    truth: Truth


def write(dice: Random, language: Language, room: Room, liked: Sequence[Item]) -> Written:
    """A comment of a viewer to whose taste the items `liked` of the shelf are."""
    chance, about = dice.random(), "shelf"
    if chance < ON_AIR or len(room.shelf) == 1:
        item, about = room.on_air, "on_air"
    elif chance < ON_AIR + BEFORE and room.before is not None:
        item, about = room.before, "before"
    else:
        item = dice.choice([one for one in liked if one is not room.on_air] or [one for one in room.shelf if one is not room.on_air])
    likes = item in liked
    weights = [weight * (LIKED.get(wants, 1.0) if likes else 1.0) for wants, weight in WANTS.items()]
    return _say(dice, language, room, item, about, dice.choices(list(WANTS), weights)[0])


def spam(dice: Random, language: Language, room: Room) -> Written:
    """What somebody writes who sells something else."""
    return _say(dice, language, room, room.on_air, "on_air", "spam")


def wave(dice: Random, language: Language, room: Room, of: str) -> Written:
    """One comment of a wave of like ones: `hands` that the host asked for, `want`, `praise`, `hype` or `spam`."""
    text = dice.choice(words(language).bursts[of])
    intents, mood = _meaning({"hands": "want", "hype": "other"}.get(of, of))
    items = (room.on_air.item_id,) if of in ("hands", "want", "praise") else ()
    return Written(text, Truth(room.on_air.item_id, intents, mood, items, how="on_air" if items else "none"))


def _say(dice: Random, language: Language, room: Room, item: Item, about: str, wants: str) -> Written:
    stock = words(language)
    # Of a thing sold in another language they know no kind.
    kind = stock.kind_of(item) if language_of(item) == language else None
    lines = stock.fitting(wants, stock.kinds[kind].sort if kind else "use")
    allowed: dict[How, float] = {how: weight for how, weight in HOWS[about] if how in lines}
    if kind is None or (about == "shelf" and _namesakes(language, room, kind) > 1):
        allowed.pop("kind", None)
    if item not in room.shelf:  # it has been taken off since it was on air
        allowed.pop("number", None)
    how: How = dice.choices(list(allowed), list(allowed.values()))[0] if allowed else "none"
    if "none" in lines and (how not in lines or dice.random() < NONE):
        how = "none"
    elif how not in lines:
        how = "on_air" if "on_air" in lines else "number"
    text = dice.choice(lines[how])
    subject = item if how in allowed and how != "on_air" else room.on_air
    other = dice.choice([one for one in room.shelf if one is not subject] or [subject])
    said = text.format(number=_number(room, subject), other=_number(room, other), kind=dice.choice(stock.kinds[kind].names) if kind else "")
    intents, mood = _meaning(wants)
    refuses = wants == "refuse"
    items = [] if refuses or how == "none" else [subject.item_id]
    unwanted = [subject.item_id] if refuses else []
    if "{other}" in text:
        (unwanted if wants == "want_not" else items).append(other.item_id)
    truth = Truth(room.on_air.item_id, intents, mood, tuple(items), tuple(unwanted), how)
    return Written(_dressed(dice, language, said), truth)


def _dressed(dice: Random, language: Language, text: str) -> str:
    behind = dice.choice(words(language).dress["behind"]) if dice.random() < DRESSED else ""
    return slip(dice, language, text, SLIPS) + behind


def _meaning(wants: str) -> tuple[tuple[Intent, ...], Sentiment]:
    if wants in _MEANT:
        return _MEANT[wants]
    intents = convert(wants.split("+"), tuple[Intent, ...])
    return intents, next((_MOODS[intent] for intent in intents if intent in _MOODS), "neutral")


def _number(room: Room, item: Item) -> int:
    return room.shelf.index(item) + 1 if item in room.shelf else 0


def _namesakes(language: Language, room: Room, kind: str) -> int:
    """How many items of the shelf are of the kind: one of several is not told by it."""
    return sum(words(language).kind_of(item) == kind for item in room.shelf)
