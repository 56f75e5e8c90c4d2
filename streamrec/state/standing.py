"""How much an account's word about an item counts: by how often it said the same lately, how much it says in all, and how well it is known.

Measured by `benchmarks/poisoning.py`: what it takes an attacker to lift an item, and what the rules cost honest data (docs/guarantees.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from streamrec.state.activity import KNOWN_DAYS
from streamrec.state.decay import Tally, fading
from streamrec.state.user import INTEREST_HALF_LIFE, SHOWN_HALF_LIFE, UserRow, activity
from streamrec.system.clock import DAY_MS

KNOWN_ITEMS = 5
"""Other items that an account must have seen or bought: an account that knows nothing but its target is a tool."""
LOUD = 300
"""Signals a day (UTC, event time) that count in full: of the real purchases that the blends were trained on 0.2 % lie beyond."""
KEPT = 3.0
"""Purchases that an account is assumed to have kept before any is known: few refunds say little."""


class Curve(NamedTuple):
    """How the weight of what one account says of one item falls.

    The first `free` times count in full, and each later time counts `fall` of the one before. In a pause the weight comes back with the
    half-life `recovery_ms`.
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
    # One list after the other may show the same item, and a viewer does nothing for it: the first three looks count in full. The tally
    # holds at most half a look more where lists were taken for seen before impressions came.
    "impression": ("shown", Curve(3.0, 0.64, SHOWN_HALF_LIFE, SHOWN_HALF_LIFE)),
}
"""By kind of signal: where the user's row counts it, and the curve. A refund is not weighed, since no figure of an item depends on it."""


def weight(row: UserRow, kind: str, item_id: str, ts: int) -> float:
    """How much the next signal of this kind counts, in (0, 1], by the user's row as it was before."""
    active = activity(row)
    told = active.told_on(ts // DAY_MS) if active is not None else 0
    share = min(1.0, LOUD / (told + 1))
    if kind == "purchase":
        share *= _keeps(row, ts)
    if kind in CURVES:
        name, curve = CURVES[kind]
        entry: Tally | None = getattr(row, name).get(item_id)
        if entry is not None:
            share *= _again(curve, entry, ts)
    return share


def standing(row: UserRow, item_id: str, ts: int) -> float:
    """How well the account is known, in [0, 1], by the user's row as it was before.

    It is 1 after KNOWN_DAYS earlier days (UTC, event time) with events and KNOWN_ITEMS other items.
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
    """The weight of saying it again: what is left after all the times before, or what the pause since has brought back, if that is more.

    The latter bounds what any number of signals counts: at most ln 2 in each `recovery_ms`, however they are spread.
    """
    fallen: float = curve.fall ** (entry.at(ts, curve.half_life_ms) - curve.free + 1.0)
    back = 1.0 - fading(max(ts - entry.ts, 0), curve.recovery_ms)
    return min(1.0, max(fallen, back))


def _keeps(row: UserRow, ts: int) -> float:
    """The share of its purchases that an account keeps, squared, which bounds the sum over any number of things bought and returned."""
    if row.refunds is None:
        return 1.0
    returned = row.refunds.at(ts, INTEREST_HALF_LIFE)
    kept = max(row.orders.at(ts, INTEREST_HALF_LIFE) - returned, 0.0) + KEPT
    return math.pow(kept / (kept + returned), 2)
