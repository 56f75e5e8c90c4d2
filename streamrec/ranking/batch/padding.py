"""Entries of several users side by side, in arrays as wide as the longest, padded with -1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def within(rows: NDArray[np.integer], count: int) -> tuple[NDArray[np.intp], int]:
    """The column of each entry when entries of equal row stand side by side, and how many the longest row has.

    `rows` (entries,) are ascending, below `count`.
    """
    sizes = np.bincount(rows, minlength=count)
    return np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes), int(sizes.max(initial=0))


def side_by_side(entries: Iterable[Sequence[int] | NDArray[np.int32]]) -> NDArray[np.int32]:
    """Slots of every user, of shape (users, n), padded with -1."""
    rows = list(entries)
    slots = np.full((len(rows), max(map(len, rows), default=0)), -1, np.int32)
    for position, row in enumerate(rows):
        slots[position, : len(row)] = row
    return slots
