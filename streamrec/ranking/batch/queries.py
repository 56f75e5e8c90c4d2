"""The users of one micro-batch as padded arrays: what the ranking knows of each at the time of the trigger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import LiveRoom
from streamrec.ranking.batch.padding import side_by_side
from streamrec.ranking.batch.recent import baskets, recent
from streamrec.ranking.batch.tallies import Entries, Tallies
from streamrec.state.before import BASKET_MS
from streamrec.state.user import INTEREST_HALF_LIFE, SHOWN_HALF_LIFE, UserRow, refuses
from streamrec.system.clock import DAY_MS
from streamrec.understanding.aspects import ASPECTS

RECENT = 128
"""Items touched last that count. All links of each are gathered: arrays of (users, RECENT, links) are the largest of a micro-batch."""
SAID_FOR = DAY_MS // 24
"""How long (ms) the model reads what a user wrote: after an hour a question is answered, or no longer asked."""
ANSWERED = 60_000
"""How long (ms) after a comment a list may answer it: what is made later is about what its viewer did since."""
ACTIONS = {"bought": 1.0, "named": 0.6, "seen": 0.3}
"""What one purchase, mention or view counts in the interest of a user."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Padded:
    """Slots of shape (users, n), -1 where a user has fewer, and a value for each."""

    slots: NDArray[np.int32]
    values: Floats


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
    wanted: Tallies
    asked: Padded
    """Items that the user asked about; the value is the time (ms) of the newest question."""
    asked_about: NDArray[np.int8]
    """What each of these questions is about, by place in ASPECTS from 1; of the shape of `asked`."""
    refused: NDArray[np.int32]
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
    entries = Entries(rows, items.slots)
    acts = {name: entries.tallies(name, moment, INTEREST_HALF_LIFE) for name in ACTIONS}
    bought = acts["bought"]
    times, since = entries.purchases()
    recent, recent_at, sold_at = _recent(acts, items.id_rank())
    by_row = list(zip(rows, now, strict=True))
    asked, asked_at, asked_about = _asked(rows, items.slots)
    newest = bought.ts.max(axis=1, initial=0, where=bought.slots >= 0)
    return Queries(
        now=moment,
        recent=recent,
        recent_at=recent_at,
        last=sold_at >= np.maximum(newest - BASKET_MS, 1)[:, None],
        bought=bought,
        bought_times=times,
        bought_since=since,
        seen=acts["seen"],
        named=entries.tallies("named", moment, SHOWN_HALF_LIFE),
        shown=entries.tallies("shown", moment, SHOWN_HALF_LIFE),
        wanted=entries.tallies("wanted", moment, SHOWN_HALF_LIFE),
        asked=Padded(asked, asked_at),
        asked_about=asked_about,
        refused=side_by_side(
            [[slot for item in row.refused if (slot := items.slots.get(item)) is not None and refuses(row, item, ts)] for row, ts in by_row]
        ),
        hidden=side_by_side([[slot for item in row.hidden if (slot := items.slots.get(item)) is not None] for row in rows]),
        rooms=[catalogue.rooms.live.get(room or row.room_id or "") for row, room in zip(rows, rooms, strict=True)],
        log_price=np.array([row.spent.count / row.orders.count if row.orders.count > 0 else np.nan for row in rows]),
        country=np.array([items.countries.of(row.country) for row in rows], np.int32),
        baskets=baskets(bought.ts, since, BASKET_MS),
        said=[" ".join(said.text for said in reversed(row.said) if ts - said.ts < SAID_FOR) for row, ts in zip(rows, now, strict=True)],
        wrote=np.array([wrote(row, ts) for row, ts in zip(rows, now, strict=True)], np.bool_),
        list_ids=list(list_ids),
    )


def _asked(rows: Sequence[UserRow], slots: Mapping[str, int]) -> tuple[NDArray[np.int32], Floats, NDArray[np.int8]]:
    """Slots, times and subjects of the questions in the rows, of shape (users, n)."""
    width = max((len(row.asked) for row in rows), default=0)
    of, at = np.full((len(rows), width), -1, np.int32), np.zeros((len(rows), width))
    about = np.zeros((len(rows), width), np.int8)
    for user, row in enumerate(rows):
        for place, (item_id, asked) in enumerate(row.asked.items()):
            of[user, place], at[user, place] = slots.get(item_id, -1), asked.ts
            about[user, place] = ASPECTS.index(asked.about) + 1
    return of, at, about


def wrote(row: UserRow, now: int) -> bool:
    """Whether the user wrote within the last minute."""
    return any(now - said.ts < ANSWERED for said in row.said)


def _recent(acts: dict[str, Tallies], id_rank: Ints) -> tuple[Padded, Ints, Ints]:
    """The RECENT items touched last and the strength of the interest in them; when they were touched, and when they were bought."""
    slots = np.concatenate([tallied.slots for tallied in acts.values()], axis=1)
    ts = np.concatenate([tallied.ts for tallied in acts.values()], axis=1)
    strength = np.concatenate([weight * acts[name].values for name, weight in ACTIONS.items()], axis=1)
    of, interest, touched, sold_at = recent(slots, ts, strength, acts["bought"].slots.shape[1], id_rank, RECENT)
    return Padded(of, interest), touched, sold_at
