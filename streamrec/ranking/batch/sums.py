"""What the few items that a user has to do with amount to at each of the user's candidates.

Where an item stands among the candidates is looked up in a table of all slots that is never cleared: what stands there counts only if the
candidate that it names is that item (Briggs & Torczon, An efficient representation for sparse sets, 1993). That is written out in each
loop: through a function of its own a loop takes four times as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import inlined, jit

Slots = NDArray[np.int32]
Floats = NDArray[np.float64]


@jit
def sums_at(at: Slots, size: int, named: Slots, values: Floats) -> Floats:
    """For every relation the sum of its `values` (relations, users, n) over the slots that `named` (users, n) names, at the slots `at`
    (users, candidates): of shape (relations, users, candidates). A slot stands once in a row of `at`; -1 is padding in both.
    """
    relations, users = len(values), len(at)
    sums = np.zeros((relations, users, at.shape[1]), values.dtype)
    place = np.empty(size, np.int32)
    for user in range(users):
        width = _places(at[user], place)
        for entry in range(named.shape[1]):
            slot = named[user, entry]
            if slot >= 0:
                column = place[slot]
                if 0 <= column < width and at[user, column] == slot:
                    for relation in range(relations):
                        sums[relation, user, column] += values[relation, user, entry]
    return sums


@jit
def among(named: Slots, at: Slots, size: int) -> NDArray[np.bool_]:
    """Which of the slots `at` (users, candidates), each once in a row, the user's `named` (users, n) name; -1 is padding in both."""
    users = len(at)
    found = np.zeros(at.shape, np.bool_)
    place = np.empty(size, np.int32)
    for user in range(users):
        width = _places(at[user], place)
        for entry in range(named.shape[1]):
            slot = named[user, entry]
            if slot >= 0:
                column = place[slot]
                if 0 <= column < width and at[user, column] == slot:
                    found[user, column] = True
    return found


@jit
def linked(recent: Slots, weights: Floats, linked: Slots, strength: NDArray[np.float32], root: NDArray[np.float64]) -> tuple[Slots, Floats]:
    """The items linked to the recent ones (users, n), each once, and their sums by several `weights` (relations, users, n).

    A link counts by its strength over the root of both items' purchases, like a cosine. `linked` and `strength` (slots, links) are tables
    by slot. The items have the shape (users, m), padded with -1, the sums (relations, users, m).
    """
    relations, users, links = len(weights), len(recent), linked.shape[1]
    most = min(recent.shape[1] * links, len(root))
    slots, sums = np.full((users, most), -1, np.int32), np.zeros((relations, users, most))
    place = np.empty(len(root), np.int32)
    widest = 0
    for user in range(users):
        count = 0
        for entry in range(recent.shape[1]):
            own = recent[user, entry]
            if own < 0:
                continue
            for link in range(links):
                slot = linked[own, link]
                if slot < 0:
                    break
                column = place[slot]
                if not (0 <= column < count and slots[user, column] == slot):
                    column = count
                    place[slot] = column
                    slots[user, column] = slot
                    count += 1
                cosine = strength[own, link] / (root[own] * root[slot])
                for relation in range(relations):
                    sums[relation, user, column] += weights[relation, user, entry] * cosine
        widest = max(widest, count)
    return slots[:, :widest].copy(), sums[:, :, :widest].copy()


@inlined
def _places(slots: Any, place: Any) -> Any:
    """Note in `place` where each slot stands; returns how many columns are looked at."""
    for column in range(len(slots)):
        if slots[column] >= 0:
            place[slots[column]] = column
    return len(slots)
