"""What ties the items of a list to the user's own: arrays of shape (users, k, own), 0 where nothing does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

Slots = NDArray[np.int32]
Floats = NDArray[np.float32]


@jit
def likeness(vectors: Floats, slots: Slots, own: Slots, least: float) -> Floats:
    """Cosines of the vectors of `slots` (users, k) and of the user's `own` (users, own) where they reach `least`; -1 is padding in both."""
    found = np.zeros((*slots.shape, own.shape[1]), np.float32)
    for user in range(len(slots)):
        for place in range(slots.shape[1]):
            for entry in range(own.shape[1]):
                one, other = slots[user, place], own[user, entry]
                if one >= 0 and other >= 0 and one != other:
                    cosine = np.float32(0)
                    for at in range(vectors.shape[1]):
                        cosine += vectors[one, at] * vectors[other, at]
                    if cosine >= least:
                        found[user, place, entry] = cosine
    return found


@jit
def met(linked: Slots, weights: Floats, slots: Slots, own: Slots) -> Floats:
    """The weights of the links from each own item (users, own) to each of `slots` (users, k), by tables of (slots, links)."""
    found = np.zeros((*slots.shape, own.shape[1]), np.float32)
    for user in range(len(slots)):
        for entry in range(own.shape[1]):
            other = own[user, entry]
            if other < 0:
                continue
            for link in range(linked.shape[1]):
                target = linked[other, link]
                if target < 0:
                    break
                for place in range(slots.shape[1]):
                    if slots[user, place] == target and target != other:
                        found[user, place, entry] += weights[other, link]
    return found
