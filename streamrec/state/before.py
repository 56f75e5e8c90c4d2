"""What a user took just before: the items beside an event, and the basket that was over by then."""

from __future__ import annotations

from collections.abc import Mapping

from streamrec.state.decay import Tally, fading
from streamrec.state.item import MOST_BEFORE
from streamrec.state.user import UserRow
from streamrec.system.clock import DAY_MS

BEFORE = LED = MOST_BEFORE
# What was taken a month ago still says half as much of an item as what was taken with it; the feasibility run weighed histories so.
BEFORE_HALF_LIFE = 30 * DAY_MS
SEEN_SHARE = 0.3
"""What an item counts as a neighbour that was looked at but not bought."""
BASKET_MS = DAY_MS // 48
"""Half an hour: purchases of one user that lie closer together are one basket."""
LEAST_WEIGHT = 0.01
"""A neighbour below this weight is left out: it would take a place of the signal and move no statistics."""


def just_before(row: UserRow, item_id: str, ts: int) -> list[tuple[str, float]]:
    """The items that the user took or saw around `ts` (ms) with their weights, the strongest first; of equal ones the last to arrive."""
    weights: dict[str, float] = {}
    for tallies, share in ((row.seen, SEEN_SHARE), (row.bought, 1.0)):
        for other, entry in reversed(_nearest(tallies, ts)):
            if other != item_id:
                weights[other] = round(share * fading(abs(ts - entry.ts), BEFORE_HALF_LIFE), 4)
    strongest = sorted(enumerate(weights.items()), key=lambda numbered: (-numbered[1][1], -numbered[0]))
    return [(other, weight) for _, (other, weight) in strongest[:BEFORE] if weight > LEAST_WEIGHT]


def basket_before(row: UserRow, ts: int) -> list[str]:
    """The items of the user's last basket that was over before `ts` (ms), the last taken first."""
    over = [(entry.ts, item_id) for item_id, entry in row.bought.items() if entry.ts < ts - BASKET_MS]
    if not over:
        return []
    begin = max(over)[0] - BASKET_MS
    return [item_id for _, item_id in sorted(((when, item_id) for when, item_id in over if when >= begin), reverse=True)]


def _nearest(tallies: Mapping[str, Tally], ts: int) -> list[tuple[str, Tally]]:
    """The tallies nearest in time, nearest first; one more than is needed, for the item itself."""
    ordered = sorted(enumerate(tallies.items()), key=lambda numbered: (abs(ts - numbered[1][1].ts), -numbered[0]))
    return [pair for _, pair in ordered[: BEFORE + 1]]
