"""The union of what the sources propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.cells import Cells, within

SOURCES = 16
"""Most sources there can be: the bits of `Candidates.sources`."""


@dataclass(slots=True)
class Candidates:
    """Candidates of all users, padded: arrays of shape (users, candidates)."""

    slots: NDArray[np.int32]
    """Item slots, ascending, -1 behind the last."""
    sources: NDArray[np.uint16]
    """Bit i is set when source i proposed the item."""
    kept: NDArray[np.bool_]
    """False for padding and for what a filter removed."""


def merge(proposals: Sequence[NDArray[np.int32]], users: int, size: int) -> Candidates:
    """Each item once per user, with the bits of all sources that proposed it; bit i belongs to `proposals[i]`."""
    begins, marked = np.arange(users)[:, None] * np.int64(max(size, 1)), [np.zeros(0, np.int64)]
    for position, slots in enumerate(proposals):
        marked.append(((begins + slots) << SOURCES | 1 << position)[slots >= 0])
    # Cell and bit in one number: sorting numbers is much faster than finding out what would sort them.
    ordered = np.sort(np.concatenate(marked))
    cells = ordered >> SOURCES
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    unique, marks = cells[first], np.zeros(0, np.int64)
    if len(first):
        marks = np.bitwise_or.reduceat(ordered & (1 << SOURCES) - 1, first)
    user = unique // max(size, 1)
    column, width = within(user, users)
    merged = Candidates(np.full((users, width), -1, np.int32), np.zeros((users, width), np.uint16), np.zeros((users, width), bool))
    merged.slots[user, column] = unique % max(size, 1)
    merged.sources[user, column] = marks
    merged.kept[user, column] = True
    return merged


def among(listed: NDArray[np.int32], slots: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    """Which of `slots` (users, candidates) are among the user's `listed` ones (users, n); -1 is padding in both."""
    return Cells(listed, size).has(slots)
