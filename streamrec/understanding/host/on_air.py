"""The item on air by what the host says: a hidden Markov model over the items of the shelf and "nothing", which changes its mind slowly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, field

from streamrec.events.speech import Transcript
from streamrec.understanding.host.clues import Clues, clues
from streamrec.understanding.host.shelf import Shelf
from streamrec.understanding.scene import shown_before

NOTHING = ""
STAY_S = 100.0
"""Mean time for which an item stays on air."""
LEAST_SWITCH, MOST_SWITCH = 0.03, 0.5
TO_NOTHING, NEXT_OF_SHELF = 0.2, 3.0
"""Share of switches that lead to no item, and how much likelier than others the next of the shelf is when the host says "next"."""
SURE = 0.4
ASIDE_MS = 20_000
"""Talk to the room that lasts for so long takes an item off the air; half of that counts half."""
ORDER, MOST_OF_ORDERS = 0.5, 1.5
"""What an order tells, and at most all orders of an item between two segments: people buy what was on air before, too."""
KEPT_MS, MOST_KEPT = 180_000, 40
"""So long, and so many, segments can be revised; later revisions are ignored."""
MOST_BELIEVED, LEAST_BELIEVED = 8, 0.004
MOST_SHOWN = 8


class Belief(Struct, array_like=True):
    """What is believed at a time: the likeliest items (the empty id for nothing), the rest shared by all others."""

    ts: int = 0
    shares: list[tuple[str, float]] = field(default_factory=list)
    on_air: str | None = None
    since: int = 0
    shown: list[str] = field(default_factory=list)
    """What was on air before, newest first."""


class Kept(Struct, array_like=True):
    """A segment that may still be revised, or the orders between two (their segment is empty)."""

    segment: str
    ts: int
    revision: int
    clues: Clues


class Hearing(Struct, array_like=True):
    """What a room's row holds of its host's speech: plain data."""

    now: Belief = field(default_factory=Belief)
    anchor: Belief = field(default_factory=Belief)
    """What was believed before the oldest segment that may still be revised."""
    kept: list[Kept] = field(default_factory=list)


class Heard(NamedTuple):
    """What is on air after a segment or an order."""

    on_air: str | None
    since: int
    confidence: float
    changed: bool


class OnAir:
    """Follows what is on air in rooms, segment by segment, without looking ahead."""

    def hear(self, state: Hearing, said: Transcript, shelf: Shelf) -> tuple[Hearing, Heard]:
        """The state after a segment. One that revises or comes late takes its place among those of the last three minutes."""
        at = next((place for place, kept in enumerate(state.kept) if kept.segment == said.segment), None)
        if (at is not None and state.kept[at].revision >= said.revision) or (at is None and int(said.ts) < state.anchor.ts):
            return state, _heard(state.now, state.now)
        told = clues(said.text, shelf, said.confidence)
        if NOTHING in told.items:
            told.items[NOTHING] *= _weight_of_aside(said, state.now.ts)
        return self._with(state, at, Kept(said.segment, int(said.ts), said.revision, told), shelf)

    def order(self, state: Hearing, item_id: str, ts: int, shelf: Shelf) -> tuple[Hearing, Heard]:
        """The state after somebody bought an item in the room. Orders alone put nothing on air: they count when the host speaks next."""
        last = state.kept[-1] if state.kept else None
        if item_id not in shelf.place_of or (last is not None and ts < last.ts):
            return state, _heard(state.now, state.now)
        kept, told = [*state.kept], {}
        if last is not None and not last.segment:
            told = kept.pop().clues.items
        more = min(ORDER, MOST_OF_ORDERS - told.get(item_id, 0.0))
        kept.append(Kept("", ts, 0, Clues({**told, item_id: told.get(item_id, 0.0) + more})))
        now = _after(state.now, Kept("", ts, 0, Clues({item_id: more})), shelf)
        return Hearing(now, state.anchor, kept), _heard(state.now, now)

    def _with(self, state: Hearing, at: int | None, new: Kept, shelf: Shelf) -> tuple[Hearing, Heard]:
        kept = [*state.kept]
        if at is not None:
            del kept[at]
        place = len(kept)
        while place and kept[place - 1].ts > new.ts:
            place -= 1
        kept.insert(place, new)
        if place == len(kept) - 1 and at is None:
            now = _after(state.now, new, shelf)
        else:
            now = state.anchor
            for each in kept:
                now = _after(now, each, shelf)
        anchor = state.anchor
        while len(kept) > MOST_KEPT or kept[0].ts < kept[-1].ts - KEPT_MS:
            anchor = _after(anchor, kept.pop(0), shelf)
        return Hearing(now, anchor, kept), _heard(state.now, now)


def _weight_of_aside(said: Transcript, before_ms: int) -> float:
    """How much talk to the room tells: in a few seconds a host only thanks somebody, and goes on with the item."""
    length_ms = int(said.end_ts) - int(said.ts) if said.end_ts is not None else int(said.ts) - before_ms
    return min(1.0, max(0.0, length_ms / ASIDE_MS))


def _heard(before: Belief, now: Belief) -> Heard:
    share = dict(now.shares).get(now.on_air or NOTHING, 0.0)
    return Heard(now.on_air, now.since, round(share, 4), before.on_air != now.on_air)


def _after(before: Belief, heard: Kept, shelf: Shelf) -> Belief:
    """The belief after one step of the forward algorithm."""
    states: list[str] = [NOTHING, *dict.fromkeys(item_id for item_id in shelf.ids if item_id)]
    prior = _spread(before, states)
    # An order says nothing of a switch.
    moved = _moved(before, prior, states, heard, shelf) if heard.segment else prior
    posterior = [share * math.exp(heard.clues.items.get(state, 0.0)) for share, state in zip(moved, states, strict=True)]
    whole = sum(posterior)
    ranked = sorted(((share / whole, state) for share, state in zip(posterior, states, strict=True)), reverse=True)
    shares = [(state, round(share, 5)) for share, state in ranked[:MOST_BELIEVED] if share >= LEAST_BELIEVED]
    ts = max(before.ts, heard.ts)
    best = shares[0][0] or None
    if best == before.on_air or shares[0][1] < SURE or not heard.segment:
        on_air = before.on_air if before.on_air is None or before.on_air in shelf.place_of else None
        return Belief(ts, shares, on_air, before.since if on_air == before.on_air else heard.ts, before.shown)
    return Belief(ts, shares, best, heard.ts, shown_before(before.shown, before.on_air, best, MOST_SHOWN))


def _spread(before: Belief, states: Sequence[str]) -> list[float]:
    """The shares of all states: what the believed ones leave is shared by the others."""
    if not before.shares:
        return [0.5] + [0.5 / max(1, len(states) - 1)] * (len(states) - 1)
    known = {state: share for state, share in before.shares if state in set(states)}
    rest = max(1e-6, 1.0 - sum(known.values())) / max(1, len(states) - len(known))
    return [known.get(state, rest) for state in states]


def _moved(before: Belief, prior: list[float], states: list[str], heard: Kept, shelf: Shelf) -> list[float]:
    """The shares after a possible switch: the longer nothing was heard the likelier, to the next of the shelf more often than to others."""
    gap_s = max(0.0, (heard.ts - before.ts) / 1000) if before.ts else STAY_S
    switch = min(MOST_SWITCH, max(LEAST_SWITCH, heard.clues.switch, 1 - math.exp(-gap_s / STAY_S)))
    items = len(states) - 1
    if not items:
        return prior
    each = (1 - TO_NOTHING) / items
    moved = [share * (1 - switch) + switch * (TO_NOTHING if not place else each) for place, share in enumerate(prior)]
    if heard.clues.forth and before.on_air in shelf.place_of:
        following = shelf.place_of[before.on_air] + 1
        if following < len(shelf) and (item_id := shelf.ids[following]):
            moved[states.index(item_id)] *= NEXT_OF_SHELF
    return moved
