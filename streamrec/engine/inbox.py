"""Batches that were fetched and wait for the engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from faust.types.tuples import TP

from streamrec.contract.records import Inbound
from streamrec.engine.guard import Batch

FULL_BYTES = 4 << 20
"""Two thousand events of the usual few hundred bytes are far below this; as many of 1 MiB each would take 2 GB, for each partition."""


class Inbox:
    """One growing batch of each topic partition. A partition is full with `most` records or 4 MiB. Changed on the event loop only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes: dict[TP, int] = {}
        self._batches: dict[TP, Batch] = {}
        self._records: dict[TP, list[Inbound]] = {}

    def __contains__(self, tp: TP) -> bool:
        return tp in self._batches

    def __len__(self) -> int:
        """How many records wait."""
        return sum(map(len, self._records.values()))

    @property
    def empty(self) -> bool:
        """Whether no batch waits. Safe on any thread."""
        return not self._batches

    def tps(self) -> Collection[TP]:
        """The partitions that have something."""
        return list(self._batches)

    def full(self, tp: TP) -> bool:
        """Whether no more should be fetched for now. Safe on any thread."""
        records = self._records.get(tp)
        return records is not None and (len(records) >= self._most or self._bytes.get(tp, 0) >= FULL_BYTES)

    def put(self, batch: Batch) -> None:
        """Add a batch. It joins the one that waits if it follows on it; otherwise it takes its place, since a seek lies between them."""
        tp = TP(batch.topic, batch.partition)
        before = self._batches.get(tp)
        if before is not None and (before.epoch, before.end) == (batch.epoch, batch.start):
            self._records[tp] += batch.records
            self._bytes[tp] += _size(batch.records)
            batch = batch._replace(start=before.start)
        else:
            self._records[tp] = list(batch.records)
            self._bytes[tp] = _size(batch.records)
        self._batches[tp] = batch

    def take(self, tp: TP) -> Batch:
        """The next batch of a partition, with at most `most` records."""
        head, rest = self._batches.pop(tp)._replace(records=self._records.pop(tp)).cut(self._most)
        if rest is not None:
            self._batches[tp], self._records[tp] = rest, list(rest.records)
            self._bytes[tp] -= _size(head.records)
        return head

    def drop(self, tp: TP) -> None:
        """Forget what waits; it will be fetched again."""
        self._batches.pop(tp, None)
        self._records.pop(tp, None)


def _size(records: Sequence[Inbound]) -> int:
    """About how many bytes records take."""
    size = sum(len(record.value or b"") + len(record.key or b"") for record in records)
    return size + sum(len(name) + len(value or b"") for record in records if record.headers for name, value in record.headers)
