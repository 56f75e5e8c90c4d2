"""Sums over few of very many (user, slot) cells, without an array of all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Slots = NDArray[np.int32]


class Cells:
    """The distinct cells that padded slots (users, n) name, and for every relation the sum of its values over each.

    A cell is found through a table of all cells that is never cleared: what stands there counts only if the cell that it points
    to points back (Briggs & Torczon, An efficient representation for sparse sets, 1993).
    """

    def __init__(self, slots: Slots, size: int, **values: Floats) -> None:
        """`size` is the number of item slots; slots of -1 are left out; each of `values` has the shape of `slots`."""
        self._users, self._size = len(slots), size
        there = slots >= 0
        named = (np.arange(self._users)[:, None] * size + slots)[there]
        self._place = np.empty(self._users * size, np.int32)
        count = np.arange(len(named), dtype=np.int32)
        self._place[named] = count
        last = self._place[named]
        distinct = last == count
        self._keys = named[distinct]
        number = np.cumsum(distinct, dtype=np.int32) - 1
        self._place[self._keys] = number[distinct]
        of_entry = self._place[named]
        self._sums = {name: np.bincount(of_entry, each[there], len(self._keys)) for name, each in values.items()}

    def _find(self, slots: Slots) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        keys = np.arange(self._users)[:, None] * self._size + slots
        place = self._place[keys]
        valid = (slots >= 0) & (place >= 0) & (place < len(self._keys))
        place = np.where(valid, place, 0)
        return place, valid & (self._keys[place] == keys)

    def at(self, name: str, slots: Slots) -> Floats:
        """The sums of one relation at `slots` (users, candidates); 0 where nothing was named."""
        if not len(self._keys):
            return np.zeros(slots.shape)
        place, found = self._find(slots)
        return np.where(found, self._sums[name][place], 0.0)

    def has(self, slots: Slots) -> NDArray[np.bool_]:
        """Which of `slots` (users, candidates) were named."""
        return self._find(slots)[1] if len(self._keys) else np.zeros(slots.shape, bool)

    def rows(self, name: str) -> tuple[Slots, Floats]:
        """The cells of every user side by side: slots (users, n), padded with -1, and their sums."""
        user = self._keys // max(self._size, 1)
        order = np.argsort(user, kind="stable")
        user, counts = user[order], np.bincount(user, minlength=self._users)
        column = np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)
        slots = np.full((self._users, int(counts.max(initial=0))), -1, np.int32)
        sums = np.zeros(slots.shape)
        slots[user, column] = self._keys[order] % max(self._size, 1)
        sums[user, column] = self._sums[name][order]
        return slots, sums


def best(scores: NDArray[np.floating], id_rank: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Columns of the `count` highest scores above 0 of each row, in no order, padded with -1; of equals those with the lower `id_rank`.

    `id_rank` has the shape of `scores` or of one row of it.
    """
    if scores.shape[1] > count:
        # From the far side: where most are 0, a partition at the near one takes some ten times longer.
        least = -np.partition(-scores, count - 1, axis=1)[:, count - 1, None]
        chosen = (scores >= least) & (scores > 0)
        ranks = np.broadcast_to(id_rank, scores.shape)
        for row in np.flatnonzero(chosen.sum(axis=1) > count):
            found = np.flatnonzero(chosen[row])
            chosen[row, found[np.lexsort((ranks[row, found], -scores[row, found]))[count:]]] = False
    else:
        chosen = scores > 0
    user, place = np.nonzero(chosen)
    counts = np.bincount(user, minlength=len(scores))
    columns = np.full((len(scores), int(counts.max(initial=0))), -1, np.intp)
    columns[user, np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)] = place
    return columns
