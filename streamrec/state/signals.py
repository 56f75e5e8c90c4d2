"""What an event of a user says about items."""

from __future__ import annotations

from collections.abc import Sequence

from streamrec.events.types import Danmaku, Feedback, Purchase, View
from streamrec.state.decay import Tally, fading
from streamrec.state.item import MOST_BEFORE, Kind, Signal
from streamrec.state.standing import standing, weight
from streamrec.state.user import UserRow
from streamrec.system.clock import DAY_MS

BEFORE = LED = MOST_BEFORE
BEFORE_HALF_LIFE = 30 * DAY_MS
SEEN_SHARE = 0.3
"""What an item that was only looked at counts as a neighbour."""
BASKET_MS = DAY_MS // 48
"""Purchases of one user that lie closer together are one basket."""

Source = tuple[str, int, int]
"""Topic, partition and offset of the event."""


def signals(
    row: UserRow, event: View | Purchase | Danmaku | Feedback, mentions: Sequence[tuple[str, float]], source: Source
) -> list[tuple[str, Signal]]:
    """The signals (item id, signal) of an event, from the user's row as it was before the event."""
    said: list[tuple[str, Kind, float, list[tuple[str, float]]]] = []
    led: list[str] = []
    again, country = False, ""
    match event:
        case View():
            said = [(event.item_id, "view", 1.0, [])]
        case Purchase(action="refund"):
            said = [(event.item_id, "refund", 1.0, [])]
        case Purchase():
            said = [(event.item_id, "purchase", 1.0, just_before(row, event.item_id, event.ts))]
            led, again, country = basket_before(row, event.ts)[:LED], event.item_id in row.bought, event.country or ""
        case Danmaku():
            said = [(item_id, "mention", weight, []) for item_id, weight in mentions]
        case Feedback(action="impression" | "click" as action):
            said = [(event.item_id, action, 1.0, [])]
    ts = int(event.ts)
    return [
        (item_id, Signal(kind, ts, amount * weight(row, kind, item_id, ts), before, *source, index, led, again, country, known))
        for index, (item_id, kind, amount, before) in enumerate(said)
        for known in (round(standing(row, item_id, ts), 3),)
    ]


def just_before(row: UserRow, item_id: str, ts: int) -> list[tuple[str, float]]:
    """The items that the user took or saw around `ts`, nearest first, with weights; of equal times the last that came."""
    weights: dict[str, float] = {}
    for tallies, share in ((row.seen, SEEN_SHARE), (row.bought, 1.0)):
        for other, entry in reversed(_nearest(tallies, ts)):
            if other != item_id:
                weights[other] = round(share * fading(abs(ts - entry.ts), BEFORE_HALF_LIFE), 4)
    strongest = sorted(enumerate(weights.items()), key=lambda each: (-each[1][1], -each[0]))
    return [(other, weight) for _, (other, weight) in strongest[:BEFORE] if weight > 0.01]


def basket_before(row: UserRow, ts: int) -> list[str]:
    """The items of the user's last basket that was over before `ts`, the last taken first."""
    over = [(entry.ts, item_id) for item_id, entry in row.bought.items() if entry.ts < ts - BASKET_MS]
    if not over:
        return []
    begin = max(over)[0] - BASKET_MS
    return [item_id for _, item_id in sorted(((when, item_id) for when, item_id in over if when >= begin), reverse=True)]


def _nearest(tallies: dict[str, Tally], ts: int) -> list[tuple[str, Tally]]:
    """The tallies nearest in time, nearest first; one more than is needed, for the item itself."""
    ordered = sorted(enumerate(tallies.items()), key=lambda each: (abs(ts - each[1][1].ts), -each[0]))
    return [pair for _, pair in ordered[: BEFORE + 1]]
