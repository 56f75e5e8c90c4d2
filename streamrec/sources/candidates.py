"""The union of what the sources propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.sources.cells import Cells


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
    keys, bits = [np.zeros(0, np.int64)], [np.zeros(0, np.uint16)]
    for position, slots in enumerate(proposals):
        valid = slots >= 0
        keys.append((np.arange(users)[:, None] * np.int64(max(size, 1)) + slots)[valid])
        bits.append(np.full(int(valid.sum()), 1 << position, np.uint16))
    unique, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    marks = np.zeros(len(unique), np.uint16)
    np.bitwise_or.at(marks, inverse, np.concatenate(bits))
    user = unique // max(size, 1)
    counts = np.bincount(user, minlength=users)
    column = np.arange(len(unique)) - np.repeat(np.cumsum(counts) - counts, counts)
    merged = Candidates(
        np.full((users, int(counts.max(initial=0))), -1, np.int32),
        np.zeros((users, int(counts.max(initial=0))), np.uint16),
        np.arange(int(counts.max(initial=0)))[None, :] < counts[:, None],
    )
    merged.slots[user, column] = unique % max(size, 1)
    merged.sources[user, column] = marks
    return merged


def among(listed: NDArray[np.int32], slots: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    """Which of `slots` (users, candidates) are among the user's `listed` ones (users, n); -1 is padding in both."""
    return Cells(listed, size).has(slots)
