"""The contiguity guard: only what follows exactly on the last batch is applied."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from streamrec.contract.records import Inbound


class Batch(NamedTuple):
    """One poll's records of one partition.

    `start` and `end` are the fetch positions before and after it. Positions, not offsets: markers of transactions and aborted records
    take offsets that no record has, and would look like gaps. `epoch` numbers the seek from which the batch descends. `records` may be
    empty. `lag` counts the offsets behind `end` in Kafka, by the end that the fetch named.
    """

    topic: str
    partition: int
    epoch: int
    start: int
    end: int
    records: Sequence[Inbound]
    lag: int = 0

    def cut(self, most: int) -> tuple[Batch, Batch | None]:
        """The first `most` records, and the rest where there are more."""
        if len(self.records) <= most:
            return self, None
        border = self.records[most].offset
        head = self._replace(end=border, records=self.records[:most], lag=self.lag + self.end - border)
        return head, self._replace(start=border, records=self.records[most:])


def joined(batches: Sequence[Batch]) -> Batch:
    """Batches that follow on each other, as one."""
    first, last = batches[0], batches[-1]
    if first is last:
        return first
    return last._replace(start=first.start, records=[record for batch in batches for record in batch.records])


class Cursor(NamedTuple):
    """How far the records of a partition have been handed out since the seek numbered `epoch`."""

    epoch: int
    position: int


class Verdict(enum.Enum):
    """What has to become of a batch: STALE was fetched before the last seek, before GAP something was lost on the way here."""

    APPLY = enum.auto()
    STALE = enum.auto()
    GAP = enum.auto()


class Guard:
    """The next fetch position of every source topic of one partition number."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}
        self._epoch: dict[str, int] = {}

    def expect(self, topic: str, cursor: Cursor) -> None:
        """From now on only batches of the cursor's epoch count, from its position on."""
        self._epoch[topic], self.next[topic] = cursor

    def judge(self, batch: Batch) -> Verdict:
        """Whether the batch follows exactly on the last one."""
        if batch.epoch != self._epoch.get(batch.topic):
            return Verdict.STALE
        return Verdict.APPLY if batch.start == self.next[batch.topic] else Verdict.GAP

    def advance(self, batch: Batch) -> None:
        """The batch was applied."""
        self.next[batch.topic] = batch.end
