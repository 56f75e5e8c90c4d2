"""Which items are bought with which: both directions of the neighbours in the item statistics, as padded arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 48


class Links:
    """Row `a` holds the items linked to `a` and the weights; a row is rebuilt when it is read and has changed."""

    def __init__(self) -> None:
        self._before: dict[int, dict[int, float]] = {}
        self._after: dict[int, set[int]] = {}
        self._stale: set[int] = set()
        self._slots = np.full((0, WIDTH), -1, np.int32)
        self._weights = np.zeros((0, WIDTH), np.float32)

    def put(self, slot: int, neighbours: Sequence[tuple[int, float]]) -> None:
        """Replace what was bought before `slot`."""
        old = self._before.get(slot, {})
        new = dict(neighbours)
        for gone in old.keys() - new.keys():
            self._after[gone].discard(slot)
        for added in new.keys() - old.keys():
            self._after.setdefault(added, set()).add(slot)
        self._before[slot] = new
        self._stale.add(slot)
        self._stale.update(item for item in old.keys() | new.keys() if old.get(item) != new.get(item))

    def rows(self, wanted: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Linked slots (-1 where there is none) and weights, strongest first, of shape (*wanted.shape, WIDTH).

        A wanted slot of -1 has no links.
        """
        distinct = np.unique(wanted)
        if len(distinct) and distinct[-1] >= len(self._slots):
            self._grow(2 * int(distinct[-1]) + 256)
        for slot in self._stale.intersection(distinct.tolist()):
            self._rebuild(slot)
            self._stale.discard(slot)
        if not len(self._slots):
            return np.full((*wanted.shape, WIDTH), -1, np.int32), np.zeros((*wanted.shape, WIDTH), np.float32)
        there = (wanted >= 0)[..., None]
        return np.where(there, self._slots[wanted], -1), np.where(there, self._weights[wanted], 0.0)

    def _grow(self, capacity: int) -> None:
        slots, weights = np.full((capacity, WIDTH), -1, np.int32), np.zeros((capacity, WIDTH), np.float32)
        slots[: len(self._slots)], weights[: len(self._weights)] = self._slots, self._weights
        self._slots, self._weights = slots, weights

    def _rebuild(self, slot: int) -> None:
        merged = dict(self._before.get(slot, {}))
        for other in self._after.get(slot, ()):
            merged[other] = merged.get(other, 0.0) + self._before[other][slot]
        strongest = sorted(merged.items(), key=lambda pair: (-pair[1], pair[0]))[:WIDTH]
        self._slots[slot] = -1
        self._weights[slot] = 0.0
        self._slots[slot, : len(strongest)] = [pair[0] for pair in strongest]
        self._weights[slot, : len(strongest)] = [pair[1] for pair in strongest]
