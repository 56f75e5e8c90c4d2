"""The union of what the sources propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

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
    proposed = np.concatenate([np.zeros((users, 0), np.int32), *proposals], axis=1)
    bits = np.repeat(np.array([1 << position for position in range(len(proposals))], np.uint16), [slots.shape[1] for slots in proposals])
    slots, sources = _union(proposed, bits, size)
    return Candidates(slots, sources, slots >= 0)


@jit
def _union(proposed: NDArray[np.int32], bits: NDArray[np.uint16], size: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """The slots proposed to each user (users, n), each once, ascending; `bits` (n,) tell the source of each column."""
    users, most = proposed.shape
    slots, sources = np.full((users, most), -1, np.int32), np.zeros((users, most), np.uint16)
    marks = np.zeros(size, np.uint16)
    # One bit of a word for each slot: they are read in order in less time than the slots are sorted.
    words = np.zeros(size // 64 + 1, np.uint64)
    one, widest = np.uint64(1), 0
    for user in range(users):
        for column in range(most):
            slot = proposed[user, column]
            if slot >= 0:
                marks[slot] |= bits[column]
                words[slot >> 6] |= one << np.uint64(slot & 63)
        count = 0
        for word in range(len(words)):
            rest = words[word]
            if rest:
                words[word] = 0
                for place in range(64):
                    if rest >> np.uint64(place) & one:
                        slot = word * 64 + place
                        slots[user, count], sources[user, count] = slot, marks[slot]
                        marks[slot] = 0
                        count += 1
        widest = max(widest, count)
    return slots[:, :widest].copy(), sources[:, :widest].copy()
