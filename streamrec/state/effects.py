"""What each type of event does: how it changes its user's row, and what it says about items.

A new type gets a function or two here and a line in `EFFECTS`; a type that says nothing about items needs only the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from streamrec.events.types import Danmaku, Feedback, Purchase, View
from streamrec.state.before import LED, basket_before, just_before
from streamrec.state.decay import PurchaseTally, Tally, tally, tally_all, tally_with
from streamrec.state.item import Kind
from streamrec.state.meant import Meant
from streamrec.state.user import (
    ASKED,
    BOUGHT,
    HIDDEN,
    INTEREST_HALF_LIFE,
    NAMED,
    REFUSED,
    REFUSED_HALF_LIFE,
    SAID,
    SEEN,
    SHOWN,
    SHOWN_HALF_LIFE,
    WANTED,
    Asked,
    Said,
    UserRow,
)
from streamrec.state.voices import ACCOUNTS, Voice, voices_of
from streamrec.understanding.bursts import crowd_bit, simhash_of, sounds
from streamrec.understanding.words import fold

# BERT reads 12 tokens of all comments together (`catalogue.prefix`): three comments of this length have more than that.
SAID_CHARACTERS = 48
WEIGHT: Final = {"click": 1.0, "cart": 3.0}
"""What a feedback action counts among the views."""
# A refund takes one purchase back, but decay has shrunk that purchase by then: what is left of it is a remainder and no interest.
NOTHING_LEFT = 0.05
MOODS = 2

E = TypeVar("E")


class Statement(NamedTuple):
    """What an event says about an item, before the account that says it is weighed."""

    item_id: str
    kind: Kind
    amount: float = 1.0
    before: Sequence[tuple[str, float]] = ()
    """Items that the same user took or saw around that time, with weights."""
    led: Sequence[str] = ()
    """Items of the basket before."""
    again: bool = False
    """Whether the user had bought the item before."""
    country: str = ""
    nth: int = 0
    """1 for the user's first purchase of the item, 2 for the second; 0 where it is another, or the row may have forgotten one."""
    voices: Sequence[Voice] = ()
    like: int = 0
    account: int = 0
    """What a comment says of it, what it is like, and a bit of who wrote it (see `Signal`)."""


def says_nothing(row: UserRow, event: Any, meant: Meant) -> list[Statement]:
    """No statement about any item."""
    return []


@dataclass(frozen=True, slots=True)
class Effect(Generic[E]):
    """What events of one type do. `say` sees the row as it was before `change`."""

    change: Callable[[UserRow, E, Meant], None]
    say: Callable[[UserRow, E, Meant], list[Statement]] = says_nothing


def _view(row: UserRow, event: View, meant: Meant) -> None:
    tally(row.seen, event.item_id, event.ts, 1.0, INTEREST_HALF_LIFE, SEEN)
    _settle(row, event)
    _enter(row, event.room_id, event.ts)


def _of_view(row: UserRow, event: View, meant: Meant) -> list[Statement]:
    return [Statement(event.item_id, "view")]


def _purchase(row: UserRow, event: Purchase, meant: Meant) -> None:
    if event.action == "refund":
        _refund(row, event)
        return
    tally_with(_once, row.bought, event.item_id, event.ts, 1.0, INTEREST_HALF_LIFE, BOUGHT)
    if event.price > 0:
        row.spent.add(event.ts, math.log(event.price), INTEREST_HALF_LIFE)
        row.orders.add(event.ts, 1.0, INTEREST_HALF_LIFE)
    _settle(row, event)
    _enter(row, event.room_id, event.ts)


def _once(ts: int, amount: float) -> PurchaseTally:
    return PurchaseTally(ts, amount, 1)


def _refund(row: UserRow, event: Purchase) -> None:
    """Take one purchase back and leave its time; a count never falls below zero."""
    entry = row.bought.get(event.item_id)
    if entry is not None:
        row.refunds = row.refunds or Tally(0, 0.0)
        row.refunds.add(event.ts, 1.0, INTEREST_HALF_LIFE)
        entry.count = max(0.0, entry.count - 1.0)
        entry.times = max(entry.times - 1, 1)
        if entry.count < NOTHING_LEFT:
            del row.bought[event.item_id]


def _of_purchase(row: UserRow, event: Purchase, meant: Meant) -> list[Statement]:
    if event.action == "refund":
        return [Statement(event.item_id, "refund")]
    # From the row before the purchase: it is none of its own neighbours.
    before, led = just_before(row, event.item_id, event.ts), basket_before(row, event.ts)[:LED]
    return [
        Statement(event.item_id, "purchase", 1.0, before, led, event.item_id in row.bought, event.country or "", _nth(row, event.item_id))
    ]


def _nth(row: UserRow, item_id: str) -> int:
    entry = row.bought.get(item_id)
    if entry is not None:
        return 2 if entry.count <= 1.0 else 0
    return 1 if len(row.bought) < BOUGHT else 0


def _danmaku(row: UserRow, event: Danmaku, meant: Meant) -> None:
    _enter(row, event.room_id, event.ts)
    if "spam" in meant.intents:
        return
    meant = meant.told
    if meant.interested:
        tally_all(Tally, row.named, meant.items, event.ts, INTEREST_HALF_LIFE, NAMED)
    if "want" in meant.intents:
        tally_all(Tally, row.wanted, meant.items, event.ts, SHOWN_HALF_LIFE, WANTED)
    tally_all(Tally, row.refused, [(item_id, 1.0) for item_id in meant.unwanted], event.ts, REFUSED_HALF_LIFE, REFUSED)
    if meant.asks:
        _ask(row, [item_id for item_id, _ in meant.items], Asked(int(event.ts), meant.asks[0]))
    if meant.sentiment != "neutral":
        tally(row.mood, meant.sentiment, event.ts, 1.0, SHOWN_HALF_LIFE, MOODS)
    row.said.append(Said(event.ts, event.text[:SAID_CHARACTERS]))
    # By time and then by text, so that the row is the same whichever came first.
    row.said.sort(key=lambda said: (said.ts, said.text))
    del row.said[:-SAID]


def _ask(row: UserRow, item_ids: Sequence[str], asked: Asked) -> None:
    """Keep the newest question about each item; of equal times the last by name, whichever came first."""
    for item_id in item_ids:
        known = row.asked.get(item_id)
        if known is None or (known.ts, known.about) < (asked.ts, asked.about):
            row.asked[item_id] = asked
    while len(row.asked) > ASKED:
        del row.asked[min(row.asked, key=lambda known: (row.asked[known].ts, known))]


def _of_danmaku(row: UserRow, event: Danmaku, meant: Meant) -> list[Statement]:
    meant = meant.told
    voices = voices_of(meant)
    like = simhash_of(sounds(fold(event.text))) if meant.like is None else meant.like
    account = crowd_bit(event.user_id, ACCOUNTS)
    return [Statement(item_id, "mention", weight, voices=voices, like=like, account=account) for item_id, weight in meant.items]


def _feedback(row: UserRow, event: Feedback, meant: Meant) -> None:
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


def _of_feedback(row: UserRow, event: Feedback, meant: Meant) -> list[Statement]:
    match event.action:
        case "impression" | "click" as kind:
            return [Statement(event.item_id, kind)]
    return []


EFFECTS: Final[dict[type, Effect[Any]]] = {
    View: Effect(_view, _of_view),
    Purchase: Effect(_purchase, _of_purchase),
    Danmaku: Effect(_danmaku, _of_danmaku),
    Feedback: Effect(_feedback, _of_feedback),
}
"""By type of event; `RowEvent` names the same types."""


def _settle(row: UserRow, event: View | Purchase) -> None:
    """Keep the country of the newest event that names one; of equal times the last by name, whichever came first."""
    if event.country and (event.ts, event.country) >= (row.country_ts, row.country):
        row.country, row.country_ts = event.country, int(event.ts)


def _enter(row: UserRow, room_id: str | None, ts: int) -> None:
    """Keep the room of the newest event in one; of equal times the last by id, whichever came first."""
    if room_id is not None and (ts, room_id) >= (row.room_ts, row.room_id or ""):
        row.room_id, row.room_ts = room_id, ts
