"""Batches that were fetched and wait for the engine."""

from __future__ import annotations

from collections.abc import Collection

from faust.types.tuples import TP

from streamrec.events.records import Inbound
from streamrec.stream.guard import Batch


class Inbox:
    """One growing batch of each topic partition; `most` records make a partition full. Changed on the event loop only."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._batches: dict[TP, Batch] = {}
        self._records: dict[TP, list[Inbound]] = {}

    def __contains__(self, tp: TP) -> bool:
        return tp in self._batches

    def __len__(self) -> int:
        """How many records wait."""
        return sum(map(len, self._records.values()))

    @property
    def empty(self) -> bool:
        """Whether nothing waits. Safe on any thread."""
        return not self._batches

    def tps(self) -> Collection[TP]:
        """The partitions that have something."""
        return list(self._batches)

    def full(self, tp: TP) -> bool:
        """Whether no more should be fetched for now. Safe on any thread."""
        records = self._records.get(tp)
        return records is not None and len(records) >= self._most

    def put(self, batch: Batch) -> None:
        """Add what was fetched. It joins what waits where it follows on that; what began before another seek gives way."""
        tp = TP(batch.topic, batch.partition)
        before = self._batches.get(tp)
        if before is not None and (before.epoch, before.end) == (batch.epoch, batch.start):
            self._records[tp] += batch.records
            batch = batch._replace(start=before.start)
        else:
            self._records[tp] = list(batch.records)
        self._batches[tp] = batch

    def take(self, tp: TP) -> Batch:
        """The next batch of a partition, with at most `most` records."""
        head, rest = self._batches.pop(tp)._replace(records=self._records.pop(tp)).cut(self._most)
        if rest is not None:
            self._batches[tp], self._records[tp] = rest, list(rest.records)
        return head

    def drop(self, tp: TP) -> None:
        """Forget what waits; it will be fetched again."""
        self._batches.pop(tp, None)
        self._records.pop(tp, None)
