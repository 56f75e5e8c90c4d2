"""One partition number of one state family: its lock, its rows, and how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from streamrec.clock import now_ms
from streamrec.processors.base import Memory, Outcome, Processor
from streamrec.stream.changelog import Changelog
from streamrec.stream.core import Core
from streamrec.stream.disk import Disk
from streamrec.stream.guard import Batch, Guard, Verdict
from streamrec.stream.mark import Mark
from streamrec.stream.outbox import Outbox, Sent
from streamrec.stream.table import Table
from streamrec.web.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of state: the topics that change it (full names), its changelog, and its code."""

    name: str
    sources: tuple[str, ...]
    changelog: str
    processor: Processor[Any]


@dataclass(frozen=True, slots=True)
class Tools:
    """What all partitions of a worker share; a partition is saved early once it has sent `checkpoint_after` records."""

    core: Core
    outbox: Outbox
    metrics: Metrics
    checkpoint_after: int


class Partition:
    """Applies batches one at a time. Under `lock`, a batch with its rows and records is in or out as a whole.

    `moved` is set when there is something to save, `full` when it should be saved at once; `saving` admits one checkpoint at a time.
    """

    def __init__(self, family: Family, number: int, changelog: Changelog, disk: Disk, cache: int) -> None:
        self.family = family
        self.number = number
        self.changelog = changelog
        self.disk = disk
        self.table: Table[Any] = Table(disk, family.processor, cache)
        self.memory: Memory = {}
        self.guard = Guard()
        self.lock = asyncio.Lock()
        self.moved, self.full = asyncio.Event(), asyncio.Event()
        self.saving = asyncio.Lock()
        self.sent: Sent = []
        self.unsaved = 0
        self.saved: Mark | None = None
        self.open = False
        self.torn = False

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.family.name}/{self.number}"

    async def apply(self, batch: Batch, tools: Tools, move: Callable[[Partition, str, int], Awaitable[None]]) -> None:
        """Apply a batch if it follows on the last one; after a gap, fetch again from there."""
        async with self.lock:
            if not self.open or self.torn:
                return  # on its way since before the partition was given up: its next owner fetches it again
            verdict = self.guard.judge(batch)
            if verdict is Verdict.GAP:
                tools.metrics.gaps.inc()
                await move(self, batch.topic, self.guard.next[batch.topic])
            elif verdict is Verdict.APPLY:
                if batch.records:
                    process = self.family.processor.process
                    await self._run(tools, batch.topic, len(batch.records), process, self.table, self.memory, batch.records)
                self.guard.advance(batch)
                self.moved.set()
                self.torn = False

    async def tick(self, tools: Tools) -> None:
        """Let the processor send what waits for a time."""
        async with self.lock:
            if self.open and not self.torn:
                outcome = await self._run(tools, "tick", 0, self.family.processor.tick, self.table, self.memory, now_ms())
                if outcome.records or self.table.dirty:
                    self.moved.set()
                self.torn = False

    async def _run(self, tools: Tools, topic: str, size: int, step: Callable[..., Outcome], *args: object) -> Outcome:
        # Whoever is cancelled in here leaves rows without their records: `torn` keeps a checkpoint from saving that.
        self.torn = True
        outcome = await tools.core.run(step, *args)
        self.sent += await tools.outbox.send(outcome.records)
        tools.metrics.observe(topic, size, outcome)
        self.unsaved += len(outcome.records)
        if self.unsaved >= tools.checkpoint_after:
            self.full.set()
        return outcome
