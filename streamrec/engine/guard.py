"""The contiguity guard: only what follows exactly on the last batch is applied."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

from streamrec.contract.records import Inbound


class Batch(NamedTuple):
    """One poll's records of one partition.

    `start` and `end` are fetch positions, before and after: records lie between them, and so may holes that transactions
    left. `epoch` numbers the seek that began the chain which the batch belongs to. `records` may be empty. `lag` is how many
    offsets lie behind `end` in Kafka, as far as the fetch told.
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


class Cursor(NamedTuple):
    """Up to where the records of a partition were handed out since the seek numbered `epoch`."""

    epoch: int
    position: int


class Verdict(enum.Enum):
    """What has to become of a batch.

    STALE: fetched before the last seek. GAP: something before it was lost on the way here.
    """

    APPLY = enum.auto()
    STALE = enum.auto()
    GAP = enum.auto()


class Guard:
    """The next fetch position of every source topic of one partition number."""

    def __init__(self) -> None:
        self.next: dict[str, int] = {}
        self._epoch: dict[str, int] = {}

    def expect(self, topic: str, cursor: Cursor) -> None:
        """From now on only the chain of the cursor's epoch counts, and it begins at its position."""
        self._epoch[topic], self.next[topic] = cursor

    def judge(self, batch: Batch) -> Verdict:
        """Whether the batch follows exactly on the last one."""
        if batch.epoch != self._epoch.get(batch.topic):
            return Verdict.STALE
        return Verdict.APPLY if batch.start == self.next[batch.topic] else Verdict.GAP

    def advance(self, batch: Batch) -> None:
        """The batch was applied."""
        self.next[batch.topic] = batch.end
