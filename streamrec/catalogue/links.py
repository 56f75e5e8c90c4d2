"""Which items are bought with which: both directions of the neighbours in the item statistics, as padded arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

# As many links of an item as ranking looks at; a row is an array of this width, so that whole batches are read at once.
WIDTH = 20


class Links:
    """Row `a` holds the items linked to `a` and their weights; a row that has changed is rebuilt when it is read next."""

    def __init__(self, root: Callable[[], NDArray[np.float64]], *, before: bool = True) -> None:
        """`root` gives the root of each slot's purchases. Of more than WIDTH links those stay whose weight is largest relative to it.

        Without `before`, row `a` holds only the items that name `a`: what came after it.
        """
        self._root = root
        self._both = before
        self._before: dict[int, dict[int, float]] = {}
        self._after: dict[int, dict[int, float]] = {}
        self._unlisted: dict[str, dict[int, float]] = {}
        """By the id of an item that is not listed: the slots that name it, and with which weight."""
        self._awaited: dict[int, set[str]] = {}
        """By slot: the ids in `_unlisted` that it names."""
        self._stale: set[int] = set()
        self._slots = np.full((0, WIDTH), -1, np.int32)
        self._weights = np.zeros((0, WIDTH), np.float32)

    def put(self, slot: int, neighbours: Sequence[tuple[int | str, float]]) -> None:
        """Replace what was bought before `slot`: slots, or ids of items that are not listed and so have no slot."""
        for gone in self._before.pop(slot, {}):
            del self._after[gone][slot]
            self._stale.add(gone)
        for item_id in self._awaited.pop(slot, ()):
            self._await_no_more(item_id, slot)
        for other, weight in neighbours:
            self._name(slot, other, weight)
        self._stale.add(slot)

    def of(self, slot: int, ids: Sequence[str]) -> list[tuple[str, float]]:
        """What was put for a slot, by id; `ids` gives the id of each slot."""
        listed = [(ids[other], weight) for other, weight in self._before.get(slot, {}).items()]
        # By id, so that the same links give the same record whatever order they came in.
        return listed + [(item_id, self._unlisted[item_id][slot]) for item_id in sorted(self._awaited.get(slot, ()))]

    def join(self, item_id: str, slot: int) -> None:
        """An item is listed from now on: link it with those that name its id."""
        for owner, weight in self._unlisted.pop(item_id, {}).items():
            self._awaited[owner].discard(item_id)
            self._name(owner, slot, weight)

    def part(self, item_id: str, slot: int) -> None:
        """An item is no longer listed: forget what it names, and keep its id for those that name it."""
        self.put(slot, ())
        for owner, weight in self._after.pop(slot, {}).items():
            del self._before[owner][slot]
            self._name(owner, item_id, weight)

    def _name(self, owner: int, other: int | str, weight: float) -> None:
        if isinstance(other, str):
            self._unlisted.setdefault(other, {})[owner] = weight
            self._awaited.setdefault(owner, set()).add(other)
        else:
            self._before.setdefault(owner, {})[other] = weight
            self._after.setdefault(other, {})[owner] = weight
            self._stale.add(other)
        self._stale.add(owner)

    def _await_no_more(self, item_id: str, owner: int) -> None:
        owners = self._unlisted[item_id]
        del owners[owner]
        if not owners:
            del self._unlisted[item_id]

    def tables(self, wanted: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Linked slots (-1 behind the last) and weights of every slot, of shape (slots or more, WIDTH); those of the wanted ones are
        up to date.

        A wanted slot of -1 has no links.
        """
        highest = int(wanted.max(initial=-1))
        if highest + 1 >= len(self._slots):
            self._grow(2 * highest + 256)
        # Statistics change with every signal, and most items are in no list meanwhile: only rows that are read are rebuilt.
        stale = self._stale.intersection(wanted.ravel().tolist())
        root = self._root()
        for slot in stale:
            self._rebuild(slot, root)
        self._stale -= stale
        return self._slots, self._weights

    def _grow(self, capacity: int) -> None:
        # The last row stays empty: it is that of slot -1.
        slots, weights = np.full((capacity, WIDTH), -1, np.int32), np.zeros((capacity, WIDTH), np.float32)
        slots[: len(self._slots)], weights[: len(self._weights)] = self._slots, self._weights
        self._slots, self._weights = slots, weights

    def _rebuild(self, slot: int, root: NDArray[np.float64]) -> None:
        merged = dict(self._after.get(slot, {}))
        if self._both:
            for other, weight in self._before.get(slot, {}).items():
                merged[other] = merged.get(other, 0.0) + weight
        self._slots[slot], self._weights[slot] = -1, 0.0
        slots, weights = np.fromiter(merged, np.int32, len(merged)), np.fromiter(merged.values(), np.float64, len(merged))
        if len(merged) > WIDTH:
            # Of equal weights the lower slot stays: a worker and a replay choose alike.
            strongest = np.lexsort((slots, -weights / root[slots]))[:WIDTH]
            slots, weights = slots[strongest], weights[strongest]
        self._slots[slot, : len(slots)], self._weights[slot, : len(slots)] = slots, weights
