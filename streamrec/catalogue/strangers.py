"""Which ids the item side has to forget because no item record lists them, and there are too many of them or they are too old."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

GRACE_MS = 3_600_000
"""An id is not forgotten for its age before it was unlisted for this long: a catalogue that is sent anew removes and puts items."""
NEVER = 1 << 62


class Strangers:
    """Unlisted ids with statistics, by partition of the item side.

    Ids that were never listed are bounded in number and age, those that once were listed by age alone: real items are few, and a
    catalogue that is lost by mistake must not take their statistics along. `waits` may be called on the event loop, everything else
    belongs to the core thread.
    """

    def __init__(self, clock_ms: Callable[[], int], most: int, stranger_ms: int, removed_ms: int) -> None:
        """Each partition keeps `most` ids that were never listed, for `stranger_ms` after they were last heard of.

        Ids that once were listed are kept for `removed_ms`.
        """
        self._clock_ms, self._most = clock_ms, most
        self._age_ms = {False: stranger_ms, True: removed_ms}
        self._known: dict[str, tuple[int, bool]] = {}
        self._ids: dict[tuple[int, bool], _Aging] = defaultdict(_Aging)
        self._due: dict[int, int] = {}

    def __len__(self) -> int:
        """Ids."""
        return len(self._known)

    def put(self, item_id: str, partition: int, listed: bool, heard_ms: int) -> None:
        """Note that an unlisted id was heard of at `heard_ms`; `listed` says that it once was listed."""
        # It may have been listed meanwhile, and belong to the other group now.
        self.pop(item_id)
        self._known[item_id] = partition, listed
        self._ids[partition, listed].put(item_id, max(heard_ms + self._age_ms[listed], self._clock_ms() + GRACE_MS))
        self._look(partition)

    def pop(self, item_id: str) -> None:
        """Take an id out: it is listed now, or forgotten."""
        group = self._known.pop(item_id, None)
        if group is not None:
            self._ids[group].pop(item_id)
            self._look(group[0])

    def waits(self, partition: int) -> bool:
        """Whether ids of a partition are to be forgotten now."""
        return self._due.get(partition, NEVER) <= self._clock_ms()

    def overdue(self, partition: int, most: int) -> list[str]:
        """Up to `most` ids of a partition that are to be forgotten now, the least recently heard of first."""
        now, never, once = self._clock_ms(), self._ids[partition, False], self._ids[partition, True]
        return [*never.first(most, now, len(never) - self._most), *once.first(most, now)][:most]

    def _look(self, partition: int) -> None:
        never, once = self._ids[partition, False], self._ids[partition, True]
        self._due[partition] = 0 if len(never) > self._most else min(never.next(), once.next())


class _Aging:
    """Ids with the times at which they are too old. Entries that were replaced stay in the heap until they come up."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._heap: list[_Entry] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, item_id: str, due: int) -> None:
        self._entries[item_id] = entry = _Entry(due, next(self._numbers), item_id)
        heapq.heappush(self._heap, entry)
        # Ids that are heard of often leave many entries behind; a sorted list is a heap.
        if len(self._heap) > 2 * len(self._entries) + 64:
            self._heap = sorted(self._entries.values())

    def pop(self, item_id: str) -> None:
        del self._entries[item_id]

    def next(self) -> int:
        """When the first id is too old; NEVER without any."""
        while self._heap and self._entries.get(self._heap[0].item_id) != self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else NEVER

    def first(self, most: int, now: int, excess: int = 0) -> list[str]:
        """Up to `most` ids that are too old at `now` or among the `excess` oldest; they are not taken out."""
        oldest: list[_Entry] = []
        while len(oldest) < most and (self.next() <= now or len(oldest) < excess) and self._heap:
            oldest.append(heapq.heappop(self._heap))
        for entry in oldest:
            heapq.heappush(self._heap, entry)
        return [entry.item_id for entry in oldest]


class _Entry(NamedTuple):
    due: int
    number: int
    """The number of the entry: it tells apart entries of one id, and orders entries of equal times by arrival."""
    item_id: str
