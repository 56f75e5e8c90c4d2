"""Cosines between what users took and their candidates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

Slots = NDArray[np.int32]
Floats = NDArray[np.float32]


@jit
def centres(vectors: Floats, slots: Slots, weights: NDArray[np.floating]) -> Floats:
    """The unit vector of the weighed sum of the vectors of `slots` (users, n), of shape (users, dim); 0 where there is none."""
    users, dim = len(slots), vectors.shape[1]
    made = np.zeros((users, dim), np.float32)
    for user in range(users):
        own = made[user]
        for entry in range(slots.shape[1]):
            slot, weight = slots[user, entry], np.float32(weights[user, entry])
            if slot >= 0 and weight != 0:
                for place in range(dim):
                    own[place] += weight * vectors[slot, place]
        square = np.float32(0)
        for place in range(dim):
            square += own[place] * own[place]
        length = max(np.sqrt(square), np.float32(1e-9))
        for place in range(dim):
            own[place] /= length
    return made


@jit
def cosines(vectors: Floats, one: Floats, other: Floats, slots: Slots) -> tuple[Floats, Floats]:
    """Of two vectors of each user (users, dim) and the vectors of `slots` (users, candidates), each of which is read once; 0 for -1.

    They do not depend on who else is in the batch, as those of a matrix product do in the last digit.
    """
    of_one, of_other = np.zeros(slots.shape, np.float32), np.zeros(slots.shape, np.float32)
    for user in range(len(slots)):
        first, second = one[user], other[user]
        for column in range(slots.shape[1]):
            slot, near, near_other = slots[user, column], np.float32(0), np.float32(0)
            if slot >= 0:
                for place in range(vectors.shape[1]):
                    near += vectors[slot, place] * first[place]
                    near_other += vectors[slot, place] * second[place]
                of_one[user, column], of_other[user, column] = near, near_other
    return of_one, of_other
