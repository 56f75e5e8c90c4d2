"""Batches that were fetched and wait for the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

from faust.types.tuples import TP

from streamrec.contract.records import Inbound
from streamrec.engine.guard import Batch, joined

FULL_BYTES = 4 << 20
"""Two thousand events of the usual few hundred bytes are far below this; as many of 1 MiB each would take 2 GB, for each partition."""


class Inbox:
    """The fetches of each topic partition that follow on each other. A partition is full with `most` records or 4 MiB.

    Changed on the event loop only.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[TP, _Waiting] = {}

    def __contains__(self, tp: TP) -> bool:
        return tp in self._waiting

    def __len__(self) -> int:
        """How many records wait."""
        return sum(waiting.records for waiting in self._waiting.values())

    @property
    def empty(self) -> bool:
        """Whether no batch waits. Safe on any thread."""
        return not self._waiting

    def tps(self) -> Collection[TP]:
        """The partitions that have something."""
        return self._waiting.keys()

    def full(self, tp: TP) -> bool:
        """Whether no more should be fetched for now. Safe on any thread."""
        waiting = self._waiting.get(tp)
        return waiting is not None and (waiting.records >= self._most or waiting.bytes >= FULL_BYTES)

    def put(self, batch: Batch) -> None:
        """Add a batch. It joins those that wait if it follows on them; otherwise it takes their place, since a seek lies between them."""
        tp = TP(batch.topic, batch.partition)
        waiting = self._waiting.get(tp)
        if waiting is None or not waiting.leads_to(batch):
            waiting = self._waiting[tp] = _Waiting()
        waiting.put(batch)

    def take(self, tp: TP) -> Batch:
        """The next batch of a partition, with at most `most` records."""
        waiting = self._waiting[tp]
        batch = waiting.take(self._most)
        if not waiting:
            del self._waiting[tp]
        return batch

    def drop(self, tp: TP) -> None:
        """Forget what waits; it will be fetched again."""
        self._waiting.pop(tp, None)


class _Waiting:
    """What waits of one partition, as it was fetched; `records` and `bytes` count all of it."""

    def __init__(self) -> None:
        self._fetches: deque[tuple[Batch, int]] = deque()
        self.records = self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._fetches)

    def leads_to(self, batch: Batch) -> bool:
        last, _ = self._fetches[-1]
        return (last.epoch, last.end) == (batch.epoch, batch.start)

    def put(self, batch: Batch) -> None:
        size = _size(batch.records)
        self._fetches.append((batch, size))
        self.records += len(batch.records)
        self.bytes += size

    def take(self, most: int) -> Batch:
        """As many whole fetches as fit, and the beginning of the next one."""
        taken: list[Batch] = []
        room = most
        # One without records, which passes over markers of transactions, fits as well when there is no room.
        while self._fetches and (room or not self._fetches[0][0].records):
            batch, size = self._fetches.popleft()
            head, rest = batch.cut(room)
            if rest is not None:
                left = size - _size(head.records)
                self._fetches.appendleft((rest, left))
                size -= left
            taken.append(head)
            room -= len(head.records)
            self.bytes -= size
        self.records -= most - room
        return joined(taken)


def _size(records: Sequence[Inbound]) -> int:
    """About how many bytes records take."""
    size = 0
    for record in records:
        size += len(record.value or b"") + len(record.key or b"")
        if record.headers:
            size += sum(len(name) + len(value or b"") for name, value in record.headers)
    return size
