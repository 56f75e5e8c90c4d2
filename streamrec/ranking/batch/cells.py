"""Sums over few of very many (user, slot) cells, without an array of all of them."""

from __future__ import annotations

import math

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
        # Every user has one cell more than there are slots: the one of -1, which nothing names.
        self._width = size + 1
        self._begins = np.arange(len(slots))[:, None] * self._width + 1
        there = slots >= 0
        named = (self._begins + slots)[there]
        self._place = np.empty(len(slots) * self._width, np.uint32)
        count = np.arange(len(named), dtype=np.uint32)
        self._place[named] = count
        last = self._place[named]
        distinct = last == count
        self._keys = named[distinct]
        number = np.cumsum(distinct, dtype=np.uint32) - np.uint32(1)
        self._place[self._keys] = number[distinct]
        of_entry = self._place[named].astype(np.intp)
        # One sum more, which stays 0, for cells that nothing names.
        self._sums: dict[str, Floats] = {
            name: np.asarray(np.bincount(of_entry, amounts[there], len(self._keys) + 1), np.float64) for name, amounts in values.items()
        }

    def _find(self, slots: Slots) -> NDArray[np.intp]:
        """The number of each cell among those that were named; their count where it was not."""
        count = len(self._keys)
        if not count:
            return np.zeros(slots.shape, np.intp)
        keys = self._begins + slots
        place = np.minimum(self._place[keys], np.uint32(count - 1)).astype(np.intp)
        return np.where(self._keys[place] == keys, place, count)

    def at(self, slots: Slots, *names: str) -> list[Floats]:
        """The sums of each relation at `slots` (users, candidates); 0 where nothing was named."""
        place = self._find(slots)
        return [self._sums[name][place] for name in names]

    def has(self, slots: Slots) -> NDArray[np.bool_]:
        """Which of `slots` (users, candidates) were named."""
        return self._find(slots) < len(self._keys)

    def rows(self, name: str) -> tuple[Slots, Floats]:
        """The cells of every user side by side: slots (users, n), padded with -1, and their sums."""
        user = self._keys // self._width
        order = np.argsort(user, kind="stable")
        user = user[order]
        column, width = within(user, len(self._begins))
        slots = np.full((len(self._begins), width), -1, np.int32)
        sums = np.zeros(slots.shape)
        slots[user, column] = self._keys[order] % self._width - 1
        sums[user, column] = self._sums[name][order]
        return slots, sums


def highest(scores: NDArray[np.floating], id_rank: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Columns of the `count` highest scores above 0 of each row, in no order, padded with -1; of equals those with the lower `id_rank`.

    `id_rank` has the shape of `scores` or of one row of it.
    """
    chosen = scores > 0
    if scores.shape[1] > count:
        chosen &= scores >= _least(scores, count)[:, None]
        ranks = np.broadcast_to(id_rank, scores.shape)
        for row in np.flatnonzero(chosen.sum(axis=1) > count):
            places = np.flatnonzero(chosen[row])
            chosen[row, places[np.lexsort((ranks[row, places], -scores[row, places]))[count:]]] = False
    user, place = np.divmod(np.flatnonzero(chosen), max(scores.shape[1], 1))
    column, width = within(user, len(scores))
    columns = np.full((len(scores), width), -1, np.intp)
    columns[user, column] = place
    return columns


def within(rows: NDArray[np.integer], count: int) -> tuple[NDArray[np.intp], int]:
    """The column of each entry when entries of equal row stand side by side, and how many the longest row has.

    `rows` (entries,) are ascending, below `count`.
    """
    sizes = np.bincount(rows, minlength=count)
    return np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes), int(sizes.max(initial=0))


def _least(scores: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """The `count`-th highest score of each row; a row has more than `count`.

    The highest lie in the `count` blocks whose maxima are highest, so that only those are looked at: maxima are cheap, partitions are not.
    """
    users, width = scores.shape
    deep = math.isqrt(width // count)
    if deep > 2:
        blocks = width // deep
        # A block takes every `blocks`-th column, so that the maxima of all are taken side by side.
        within = scores[:, : deep * blocks].reshape(users, deep, blocks)
        high = np.argpartition(-within.max(axis=1), count - 1, axis=1)[:, :count]
        looked_at = np.take_along_axis(within, high[:, None, :], axis=2).reshape(users, deep * count)
        scores = np.concatenate([looked_at, scores[:, deep * blocks :]], axis=1)
    # From the far side: where most are 0, a partition at the near one takes some ten times longer.
    return np.asarray(-np.partition(-scores, count - 1, axis=1)[:, count - 1])
