"""How an event changes a user's row: one pure function per kind of event."""

from __future__ import annotations

import math
from collections.abc import Sequence

from streamrec.events.types import Danmaku, Feedback, Purchase, View
from streamrec.state.activity import Activity
from streamrec.state.decay import Tally, tally
from streamrec.state.user import (
    BOUGHT,
    HIDDEN,
    INTEREST_HALF_LIFE,
    NAMED,
    SAID,
    SEEN,
    SHOWN,
    SHOWN_HALF_LIFE,
    Said,
    UserRow,
    activity,
)
from streamrec.system.clock import DAY_MS

SAID_CHARACTERS = 48
WEIGHT = {"click": 1.0, "cart": 3.0}
"""What a feedback action counts among the views."""


def apply(row: UserRow, event: View | Purchase | Danmaku | Feedback, mentions: Sequence[tuple[str, float]] = ()) -> None:
    """Change `row` by `event`; events of different times may come in any order.

    `mentions` are the items (id, weight) that a danmaku names.
    """
    _note(row, event, len(mentions) if isinstance(event, Danmaku) else 1)
    match event:
        case View():
            _view(row, event)
        case Purchase():
            _purchase(row, event)
        case Danmaku():
            _danmaku(row, event, mentions)
        case Feedback():
            _feedback(row, event)


def _note(row: UserRow, event: View | Purchase | Danmaku | Feedback, told: int) -> None:
    """Note that the account was active, and said something of so many items; a refund is no activity."""
    if isinstance(event, Purchase) and event.action == "refund":
        return
    row.activity = activity(row) or Activity(event.ts // DAY_MS)
    row.activity.note(event.ts // DAY_MS, told)


def _place(row: UserRow, event: View | Purchase) -> None:
    if event.country and (event.ts, event.country) >= (row.country_ts, row.country):
        row.country, row.country_ts = event.country, int(event.ts)


def _view(row: UserRow, event: View) -> None:
    tally(row.seen, event.item_id, event.ts, 1.0, INTEREST_HALF_LIFE, SEEN)
    _place(row, event)
    _enter(row, event.room_id, event.ts)


def _purchase(row: UserRow, event: Purchase) -> None:
    if event.action == "refund":
        _refund(row, event)
        return
    tally(row.bought, event.item_id, event.ts, 1.0, INTEREST_HALF_LIFE, BOUGHT)
    if event.price > 0:
        row.spent.add(event.ts, math.log(event.price), INTEREST_HALF_LIFE)
        row.orders.add(event.ts, 1.0, INTEREST_HALF_LIFE)
    _place(row, event)
    _enter(row, event.room_id, event.ts)


def _refund(row: UserRow, event: Purchase) -> None:
    """A refund takes back one purchase and leaves its time; a count never falls below nothing."""
    entry = row.bought.get(event.item_id)
    if entry is not None:
        row.refunds = row.refunds or Tally(0, 0.0)
        row.refunds.add(event.ts, 1.0, INTEREST_HALF_LIFE)
        entry.count = max(0.0, entry.count - 1.0)
        if entry.count < 0.05:
            del row.bought[event.item_id]


def _danmaku(row: UserRow, event: Danmaku, mentions: Sequence[tuple[str, float]]) -> None:
    for item_id, weight in mentions:
        tally(row.named, item_id, event.ts, weight, INTEREST_HALF_LIFE, NAMED)
    row.said.append(Said(event.ts, event.text[:SAID_CHARACTERS]))
    row.said.sort(key=lambda said: (said.ts, said.text))
    del row.said[:-SAID]
    _enter(row, event.room_id, event.ts)


def _feedback(row: UserRow, event: Feedback) -> None:
    match event.action:
        case "impression":
            tally(row.shown, event.item_id, event.ts, 1.0, SHOWN_HALF_LIFE, SHOWN)
        case "click" | "cart":
            tally(row.seen, event.item_id, event.ts, WEIGHT[event.action], INTEREST_HALF_LIFE, SEEN)
        case "hide" | "complaint":
            row.hidden[event.item_id] = max(event.ts, row.hidden.get(event.item_id, 0))
            if len(row.hidden) > HIDDEN:
                del row.hidden[min(row.hidden, key=lambda known: (row.hidden[known], known))]
        case "purchase":
            pass  # the purchase itself comes on its own topic and would count twice


def _enter(row: UserRow, room_id: str | None, ts: int) -> None:
    if room_id is not None and (ts, room_id) >= (row.room_ts, row.room_id or ""):
        row.room_id, row.room_ts = room_id, ts


def show(row: UserRow, item_ids: Sequence[str], ts: int) -> None:
    """Note that a list with these items was sent at event time `ts`."""
    row.seq += 1
    row.listed_ts = max(row.listed_ts, ts)
    for item_id in item_ids:
        tally(row.shown, item_id, ts, 1.0, SHOWN_HALF_LIFE, SHOWN)
