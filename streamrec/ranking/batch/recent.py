"""What a user touched last, and in how many baskets the user bought."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Slots = NDArray[np.int32]


@jit
def recent(slots: Slots, ts: Ints, strength: Floats, of_bought: int, id_rank: Ints, most: int) -> tuple[Slots, Floats, Ints, Ints]:
    """The items touched last among `slots` (users, n), which may name one several times: `most` of each user, by time and then id.

    Returns their slots, the sums of `strength`, when they were touched, and when they were bought (0 for never): arrays of (users, m). The
    first `of_bought` columns are purchases.
    """
    users, width = slots.shape
    place = np.empty(len(id_rank), np.int32)
    of, interest = np.empty(width, np.int32), np.empty(width)
    touched, bought = np.empty(width, np.int64), np.empty(width, np.int64)
    found, sums = np.full((users, most), -1, np.int32), np.zeros((users, most))
    newest, sold = np.zeros((users, most), np.int64), np.zeros((users, most), np.int64)
    widest = 0
    for user in range(users):
        count = 0
        for entry in range(width):
            slot = slots[user, entry]
            if slot < 0:
                continue
            at = place[slot]
            if not (0 <= at < count and of[at] == slot):
                at = count
                place[slot], of[at], interest[at], touched[at], bought[at] = at, slot, 0.0, 0, 0
                count += 1
            interest[at] += strength[user, entry]
            touched[at] = max(touched[at], ts[user, entry])
            if entry < of_bought:
                bought[at] = max(bought[at], ts[user, entry])
        # By id first, then by time in a stable order: equal times stay in the order of ids.
        by_id = np.argsort(id_rank[of[:count]])
        order = by_id[np.argsort(-touched[:count][by_id], kind="mergesort")]
        for rank in range(min(count, most)):
            at = order[rank]
            found[user, rank], sums[user, rank], newest[user, rank], sold[user, rank] = of[at], interest[at], touched[at], bought[at]
        widest = max(widest, min(count, most))
    return found[:, :widest].copy(), sums[:, :widest].copy(), newest[:, :widest].copy(), sold[:, :widest].copy()


@jit
def baskets(bought_at: Ints, since: Ints, apart_ms: int) -> Ints:
    """How many baskets lie `apart_ms` or more from one another among times of purchases (users, n), 0 where there is none."""
    found = np.zeros(len(bought_at), np.int64)
    for user in range(len(bought_at)):
        times = np.sort(np.concatenate((bought_at[user], since[user])))
        last = np.int64(0)
        for time in times:
            if time > 0:
                # The first purchase begins a basket however early it is.
                found[user] += last == 0 or time - last > apart_ms
                last = time
    return found
