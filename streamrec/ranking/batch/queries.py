"""The users of one micro-batch as padded arrays: what the ranking knows of each at the time of the trigger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import LiveRoom
from streamrec.ranking.batch.padding import side_by_side, within
from streamrec.state.before import BASKET_MS
from streamrec.state.decay import Tally
from streamrec.state.user import INTEREST_HALF_LIFE, SHOWN_HALF_LIFE, UserRow
from streamrec.system.clock import DAY_MS

RECENT = 128
"""Items touched last that count. All links of each are gathered: arrays of (users, RECENT, links) are the largest of a micro-batch."""
SAID_FOR = DAY_MS // 24
"""How long (ms) the model reads what a user wrote: after an hour a question is answered, or no longer asked."""
ANSWERED = 60_000
"""How long (ms) after a comment a list may answer it: what is made later is about what its viewer did since."""
ACTIONS = {"bought": 1.0, "named": 0.6, "seen": 0.3}
"""What one purchase, mention or view counts in the interest of a user."""

_ts, _count = attrgetter("ts"), attrgetter("count")
_times, _first = attrgetter("times"), attrgetter("first_ts")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Padded:
    """Slots of shape (users, n), -1 where a user has fewer, and a value for each."""

    slots: NDArray[np.int32]
    values: Floats


@dataclass(slots=True)
class Tallies:
    """Decayed counts of items by user, of shape (users, n): slots (-1 where a user has fewer), times of the newest events, and `values`."""

    slots: NDArray[np.int32]
    ts: Ints
    values: Floats

    @classmethod
    def of(cls, tallies: Sequence[dict[str, Tally]], now: Ints, half_life_ms: float, slots: dict[str, int]) -> Tallies:
        """The tallies of one kind of every user as seen at `now`; items without a slot are left out."""
        widths = [len(of_user) for of_user in tallies]
        width, total = max(widths, default=0), sum(widths)
        there = np.arange(width)[None, :] < np.array(widths, np.int64)[:, None]
        made = cls(np.full(there.shape, -1, np.int32), np.zeros(there.shape, np.int64), np.zeros(there.shape))
        entries = [entry for of_user in tallies for entry in of_user.values()]
        made.slots[there] = np.fromiter(map(slots.get, chain.from_iterable(tallies), repeat(-1)), np.int32, total)
        made.ts[there] = np.fromiter(map(_ts, entries), np.int64, total)
        made.values[there] = np.fromiter(map(_count, entries), np.float64, total)
        made.values *= np.exp2(-np.maximum(now[:, None] - made.ts, 0) / half_life_ms)
        return made


@dataclass(slots=True)
class Queries:
    """One row per list that is to be made."""

    now: Ints
    """Event time (ms) of the trigger."""
    recent: Padded
    """Items newest first; the value is the decayed strength of the interest."""
    recent_at: Ints
    """Time (ms) of the newest event of each recent item, in the order of `recent`."""
    last: NDArray[np.bool_]
    """Which of the recent items are of the user's last basket, of the shape of `recent`."""
    bought: Tallies
    bought_times: Ints
    """How often each item of `bought` was bought, 0 where a row of an older version does not know; of the shape of `bought`."""
    bought_since: Ints
    """Time (ms) of its first purchase, 0 where it was bought once."""
    seen: Tallies
    named: Tallies
    shown: Tallies
    hidden: NDArray[np.int32]
    rooms: list[LiveRoom | None]
    """The live room in which the user is."""
    log_price: Floats
    """Mean logarithm of the prices paid; NaN for a user who bought nothing."""
    country: NDArray[np.int32]
    """The catalogue's number of the user's country; 0 where it is not known."""
    baskets: Ints
    """Baskets that the items bought were first or last in."""
    said: list[str]
    wrote: NDArray[np.bool_]
    """Whether the user wrote within the last minute."""
    list_ids: list[str]
    """What is random in a list follows from its id; empty where nothing is to be random."""

    @property
    def size(self) -> int:
        """Number of lists."""
        return len(self.now)


def queries(
    rows: Sequence[UserRow], now: Sequence[int], rooms: Sequence[str | None], catalogue: Catalogue, list_ids: Sequence[str] = ()
) -> Queries:
    """The rows as arrays; `rooms` are the rooms of the triggers, else the user's last room counts."""
    items, moment = catalogue.items, np.array(now, np.int64)

    def tallies(name: str, half_life: float) -> Tallies:
        return Tallies.of([getattr(row, name) for row in rows], moment, half_life, items.slots)

    acts = {name: tallies(name, INTEREST_HALF_LIFE) for name in ACTIONS}
    bought = acts["bought"]
    recent, recent_at, sold_at = _recent(acts, items.id_rank())
    since = _spread(bought, rows, _first)
    newest = bought.ts.max(axis=1, initial=0, where=bought.slots >= 0)
    return Queries(
        now=moment,
        recent=recent,
        recent_at=recent_at,
        last=sold_at >= np.maximum(newest - BASKET_MS, 1)[:, None],
        bought=bought,
        bought_times=_spread(bought, rows, _times),
        bought_since=since,
        seen=acts["seen"],
        named=tallies("named", SHOWN_HALF_LIFE),
        shown=tallies("shown", SHOWN_HALF_LIFE),
        hidden=side_by_side([[slot for item in row.hidden if (slot := items.slots.get(item)) is not None] for row in rows]),
        rooms=[catalogue.rooms.live.get(room or row.room_id or "") for row, room in zip(rows, rooms, strict=True)],
        log_price=np.array([row.spent.count / row.orders.count if row.orders.count > 0 else np.nan for row in rows]),
        country=np.array([items.countries.of(row.country) for row in rows], np.int32),
        baskets=_baskets(np.concatenate([bought.ts, since], axis=1)),
        said=[" ".join(said.text for said in reversed(row.said) if ts - said.ts < SAID_FOR) for row, ts in zip(rows, now, strict=True)],
        wrote=np.array([any(ts - said.ts < ANSWERED for said in row.said) for row, ts in zip(rows, now, strict=True)], np.bool_),
        list_ids=list(list_ids),
    )


def _spread(bought: Tallies, rows: Sequence[UserRow], field: Callable[[Any], Any]) -> Ints:
    """A field of every purchase, in the order of `bought`."""
    spread = np.zeros(bought.slots.shape, np.int64)
    widths = np.array([len(row.bought) for row in rows], np.int64)
    there: NDArray[np.bool_] = np.arange(bought.slots.shape[1])[None, :] < widths[:, None]
    spread[there] = np.fromiter((field(entry) for row in rows for entry in row.bought.values()), np.int64, int(widths.sum()))
    return spread


def _recent(acts: dict[str, Tallies], id_rank: Ints) -> tuple[Padded, Ints, Ints]:
    """The RECENT items touched last, by time and then id, the strength of the interest in them; when they were touched; when bought."""
    slots = np.concatenate([tallied.slots for tallied in acts.values()], axis=1)
    ts = np.concatenate([tallied.ts for tallied in acts.values()], axis=1)
    strength = np.concatenate([weight * acts[name].values for name, weight in ACTIONS.items()], axis=1)
    bought = np.concatenate([tallied.ts * (name == "bought") for name, tallied in acts.items()], axis=1)
    user, column = np.nonzero(slots >= 0)
    cells, number = np.unique(user * (len(id_rank) + 1) + slots[user, column], return_inverse=True)
    newest, sold = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.int64)
    np.maximum.at(newest, number, ts[user, column])
    np.maximum.at(sold, number, bought[user, column])
    interest = np.bincount(number, strength[user, column], len(cells))
    owner, slot = np.divmod(cells, len(id_rank) + 1)
    order = np.lexsort((id_rank[slot], -newest, owner))
    place, width = within(owner, len(slots))
    order, place = order[place < RECENT], place[place < RECENT]
    shape = len(slots), min(RECENT, width)
    recent, touched, sold_at = Padded(np.full(shape, -1, np.int32), np.zeros(shape)), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    recent.slots[owner[order], place] = slot[order]
    recent.values[owner[order], place] = interest[order]
    touched[owner[order], place] = newest[order]
    sold_at[owner[order], place] = sold[order]
    return recent, touched, sold_at


def _baskets(bought_at: Ints) -> Ints:
    if not bought_at.shape[1]:
        return np.zeros(len(bought_at), np.int64)
    # Padding has the time 0 and sorts to the front; the first purchase begins a basket however early it is.
    ordered = np.sort(bought_at, axis=1)
    begins = (np.diff(ordered, axis=1, prepend=np.full((len(ordered), 1), -BASKET_MS - 1)) > BASKET_MS) & (ordered > 0)
    return np.asarray(begins.sum(axis=1), np.int64)
