"""What an account's word about an item counts: how often it said the same of late, how much it says in all, and how well it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from streamrec.state.activity import KNOWN_DAYS
from streamrec.state.decay import Tally, fading
from streamrec.state.user import INTEREST_HALF_LIFE, SHOWN_HALF_LIFE, UserRow, activity
from streamrec.system.clock import DAY_MS

KNOWN_ITEMS = 5
"""Other items that an account must have had to do with; one that knows but its target is a tool."""
LOUD = 300
"""Signals a day (UTC, event time) that count in full: of the real purchases that the blends were trained on 0.2 % lie beyond."""
KEPT = 3.0
"""Purchases that an account is taken to have kept before any is known: few refunds say little."""


class Curve(NamedTuple):
    """How the weight of what one account says of one item falls.

    In full for the first `free` times, then by `fall` from time to time; after a pause it comes back by `recovery_ms`, as a half-life.
    """

    free: float
    fall: float
    recovery_ms: float
    half_life_ms: float = INTEREST_HALF_LIFE
    """Of the tally in the user's row."""


CURVES: Mapping[str, tuple[str, Curve]] = {
    "view": ("seen", Curve(1.0, 0.5, DAY_MS)),
    "click": ("seen", Curve(1.0, 0.5, DAY_MS)),
    "purchase": ("bought", Curve(3.0, 0.5, 7 * DAY_MS)),
    "mention": ("named", Curve(1.0, 0.5, DAY_MS)),
    # The tally counts lists that showed the item, too.
    "impression": ("shown", Curve(6.0, 0.8, SHOWN_HALF_LIFE, SHOWN_HALF_LIFE)),
}
"""By kind of signal: where the user's row counts it, and the curve. A refund is not weighed: no figure of an item depends on it."""


def weight(row: UserRow, kind: str, item_id: str, ts: int) -> float:
    """What the next signal of this kind counts, in (0, 1], by the user's row as it was before."""
    active = activity(row)
    told = active.told_on(ts // DAY_MS) if active is not None else 0
    found = min(1.0, LOUD / (told + 1))
    if kind == "purchase":
        found *= _keeps(row, ts)
    if kind in CURVES:
        name, curve = CURVES[kind]
        entry: Tally | None = getattr(row, name).get(item_id)
        if entry is not None:
            found *= _again(curve, entry, ts)
    return found


def standing(row: UserRow, item_id: str, ts: int) -> float:
    """How well the account is known, in [0, 1], by the user's row as it was before.

    In full after KNOWN_DAYS earlier days (UTC, event time) with events, and KNOWN_ITEMS other items.
    """
    active = activity(row)
    earlier = active.before(ts // DAY_MS) if active is not None else 0
    if not earlier:
        return 0.0
    bought, seen = row.bought, row.seen
    others = KNOWN_ITEMS
    if len(bought) <= KNOWN_ITEMS and len(seen) <= KNOWN_ITEMS:
        others = len((bought.keys() | seen.keys()) - {item_id})
    return min(1.0, earlier / KNOWN_DAYS, others / KNOWN_ITEMS)


def _again(curve: Curve, entry: Tally, ts: int) -> float:
    """The larger of two: what is left after so many times, and what the pause since the last one has brought back.

    The second bounds what any number of signals counts in a time: ln 2 a `recovery_ms`, however they are spread.
    """
    fallen: float = curve.fall ** (entry.at(ts, curve.half_life_ms) - curve.free + 1.0)
    back = 1.0 - fading(max(ts - entry.ts, 0), curve.recovery_ms)
    return min(1.0, max(fallen, back))


def _keeps(row: UserRow, ts: int) -> float:
    """The share of an account's purchases that it keeps, squared: the sum over any number of bought and returned things is bounded."""
    if row.refunds is None:
        return 1.0
    returned = row.refunds.at(ts, INTEREST_HALF_LIFE)
    kept = max(row.orders.at(ts, INTEREST_HALF_LIFE) - returned, 0.0) + KEPT
    return math.pow(kept / (kept + returned), 2)
