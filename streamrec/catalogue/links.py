"""Which items are bought with which: both directions of the neighbours in the item statistics, as padded arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH = 48


class Links:
    """Row `a` holds the items linked to `a` and the weights; rows are rebuilt lazily, when they are read."""

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

    def rows(self, size: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Linked slots (-1 where there is none) and weights, of shape (size, WIDTH), strongest first."""
        if len(self._slots) < size:
            grown = max(256, 2 * size)
            slots, weights = np.full((grown, WIDTH), -1, np.int32), np.zeros((grown, WIDTH), np.float32)
            slots[: len(self._slots)], weights[: len(self._weights)] = self._slots, self._weights
            self._slots, self._weights = slots, weights
        for slot in self._stale:
            self._rebuild(slot)
        self._stale.clear()
        return self._slots[:size], self._weights[:size]

    def _rebuild(self, slot: int) -> None:
        merged = dict(self._before.get(slot, {}))
        for other in self._after.get(slot, ()):
            merged[other] = merged.get(other, 0.0) + self._before[other][slot]
        strongest = sorted(merged.items(), key=lambda pair: (-pair[1], pair[0]))[:WIDTH]
        self._slots[slot] = -1
        self._weights[slot] = 0.0
        self._slots[slot, : len(strongest)] = [pair[0] for pair in strongest]
        self._weights[slot, : len(strongest)] = [pair[1] for pair in strongest]
