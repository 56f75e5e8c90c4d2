"""The users of one micro-batch as padded arrays: what the ranking knows of each at the time of the trigger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import LiveRoom
from streamrec.state.apply import recent
from streamrec.state.decay import DAY_MS, Tally
from streamrec.state.user import INTEREST_HALF_LIFE, SHOWN_HALF_LIFE, UserRow

RECENT = 48
SAID_FOR = DAY_MS // 24
"""How long (ms) the model is told what a user wrote."""
ACTIONS = {"bought": 1.0, "named": 0.6, "seen": 0.3}
"""What one purchase, mention or view counts in the interest of a user."""


@dataclass(slots=True)
class Padded:
    """Slots of shape (users, n), -1 where a user has fewer, and a value for each."""

    slots: NDArray[np.int32]
    values: NDArray[np.float64]

    def dense(self, size: int) -> NDArray[np.float64]:
        """The values spread over all slots, of shape (users, size); 0 elsewhere."""
        spread = np.zeros((len(self.slots), size + 1))
        np.add.at(spread, (np.arange(len(self.slots))[:, None], self.slots), np.where(self.slots >= 0, self.values, 0.0))
        return spread[:, :size]


@dataclass(slots=True)
class Queries:
    """One row per list that is to be made."""

    now: NDArray[np.int64]
    """Event time (ms) of the trigger."""
    recent: Padded
    """Items newest first; the value is the decayed strength of the interest."""
    recent_at: NDArray[np.int64]
    """Time (ms) of the newest event of each recent item, in the order of `recent`."""
    bought: Padded
    """The value is the decayed number of purchases."""
    last_bought: Padded
    """The value is the time (ms) of the last purchase."""
    named: Padded
    shown: Padded
    hidden: Padded
    rooms: list[LiveRoom | None]
    """The live room in which the user is."""
    log_price: NDArray[np.float64]
    """Mean logarithm of the prices paid; NaN for a user who bought nothing."""
    said: list[str]
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
    pairs = list(zip(rows, now, strict=True))
    latest = [recent(row, RECENT) for row in rows]

    def known(entries: Iterable[tuple[str, float]]) -> list[tuple[int, float]]:
        return [(slot, value) for item, value in entries if (slot := catalogue.items.slots.get(item)) is not None]

    def tallies(name: str, half_life: float) -> Padded:
        return _pad([known((item, entry.at(ts, half_life)) for item, entry in getattr(row, name).items()) for row, ts in pairs])

    return Queries(
        now=np.array(now, np.int64),
        recent=_pad([known((item, _interest(row, item, ts)) for item, _ in items) for (row, ts), items in zip(pairs, latest, strict=True)]),
        recent_at=_pad([known(items) for items in latest]).values.astype(np.int64),
        bought=tallies("bought", INTEREST_HALF_LIFE),
        last_bought=_pad([known((item, entry.ts) for item, entry in row.bought.items()) for row in rows]),
        named=tallies("named", SHOWN_HALF_LIFE),
        shown=tallies("shown", SHOWN_HALF_LIFE),
        hidden=_pad([known((item, 1.0) for item in row.hidden) for row in rows]),
        rooms=[catalogue.rooms.live.get(room or row.room_id or "") for row, room in zip(rows, rooms, strict=True)],
        log_price=np.array([row.spent.count / row.orders.count if row.orders.count > 0 else np.nan for row in rows]),
        said=[" ".join(said.text for said in reversed(row.said) if ts - said.ts < SAID_FOR) for row, ts in pairs],
        list_ids=list(list_ids),
    )


def _interest(row: UserRow, item_id: str, now: int) -> float:
    return sum(weight * _count(getattr(row, name), item_id, now) for name, weight in ACTIONS.items())


def _count(tallies: dict[str, Tally], item_id: str, now: int) -> float:
    entry = tallies.get(item_id)
    return entry.at(now, INTEREST_HALF_LIFE) if entry else 0.0


def _pad(entries: Sequence[Sequence[tuple[int, float]]]) -> Padded:
    width = max((len(row) for row in entries), default=0)
    slots = np.full((len(entries), width), -1, np.int32)
    values = np.zeros((len(entries), width))
    for position, row in enumerate(entries):
        if row:
            slots[position, : len(row)], values[position, : len(row)] = zip(*row, strict=True)
    return Padded(slots, values)
