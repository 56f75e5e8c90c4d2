"""One partition number of one state family: its lock, its rows, and how far it has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from streamrec.clock import now_ms
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from streamrec.events.records import Inbound, Outbound, Rows
from streamrec.processors.base import Memory, Outcome, Processor
from streamrec.stream.changelog import Changelog
from streamrec.stream.core import Core, Pace
from streamrec.stream.disk import Disk
from streamrec.stream.guard import Batch, Guard, Verdict
from streamrec.stream.mark import Mark
from streamrec.stream.outbox import Outbox, Sent
from streamrec.stream.quarantine import Piece, Quarantine
from streamrec.stream.table import Budget, Table
from streamrec.web.audience import Audience
from streamrec.web.metrics import Metrics

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of state: the topics that change it (full names), its changelog, and its code."""

    name: str
    sources: tuple[str, ...]
    changelog: str
    processor: Processor[Any]
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class Tools:
    """What all partitions of a worker share; a partition is saved early once it has sent `checkpoint_after` records.

    `dead_letters` is the full name of the topic for records on which a processor raises.
    """

    core: Core
    outbox: Outbox
    metrics: Metrics
    checkpoint_after: int
    dead_letters: str
    audience: Audience = field(default_factory=Audience)


class Partition:
    """Applies batches one at a time. Under `lock`, a batch with its rows and records is in or out as a whole.

    `moved` is set when there is something to save, `full` when it should be saved at once; `saving` admits one checkpoint at a time.
    `sent` are records to be confirmed before the next checkpoint, `held` those that belong into it.
    """

    def __init__(self, family: Family, number: int, changelog: Changelog, disk: Disk, cache: Budget) -> None:
        self.family = family
        self.number = number
        self.changelog = changelog
        self.disk = disk
        self.table: Table[Any] = Table(disk, family.processor, cache)
        self.memory: Memory = {}
        self.guard = Guard()
        self.quarantine = Quarantine()
        self.lock = asyncio.Lock()
        self.moved, self.full = asyncio.Event(), asyncio.Event()
        self.saving = asyncio.Lock()
        self.sent: Sent = []
        self.held: list[Outbound] = []
        self.unsaved = 0
        self.saved: Mark | None = None
        self.open = False
        self.torn = False

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.family.name}/{self.number}"

    async def apply(self, batch: Batch, tools: Tools) -> Verdict:
        """Apply a batch if it follows exactly on the last."""
        async with self.lock:
            if not self.open or self.torn:
                return Verdict.STALE  # on its way since before the partition was given up: its next owner fetches it again
            verdict = self.guard.judge(batch)
            if verdict is Verdict.APPLY:
                await self._take(batch, tools)
            return verdict

    async def tick(self, tools: Tools) -> None:
        """Let the processor send what waits for a time."""
        processor = self.family.processor
        async with self.lock:
            if self.open and not self.torn and processor.waits(self.memory):
                self.torn = True
                outcome = await tools.core.run(self._run, processor.tick, now_ms())
                await self._send(outcome, "tick", (), tools)
                if outcome.records or outcome.saved or self.table.dirty:
                    self.moved.set()
                self.torn = False

    def find(self, read: Callable[[Rows[Any]], Found]) -> Found:
        """What `read` finds in the rows; on the core thread, between two batches."""
        try:
            return read(self.table)
        finally:
            self.table.abandon()

    async def _take(self, batch: Batch, tools: Tools) -> None:
        # Whoever is cancelled in here leaves rows without their records: `torn` keeps a checkpoint from saving that.
        self.torn = True
        records, pace = batch.records, self.family.pace
        while records:
            run, now = (tools.core.run_short, pace.short) if pace.short else (tools.core.run, len(records))
            for tried, outcome in await run(self._sift, records[:now]):
                made = outcome if isinstance(outcome, Outcome) else _buried(tried[0], outcome, tools)
                await self._send(made, batch.topic, tried, tools)
            records = records[now:]
            if records:
                await asyncio.sleep(0)
        self.guard.advance(batch)
        self.moved.set()
        self.torn = False

    def _sift(self, records: Sequence[Inbound]) -> list[Piece]:
        began = time.perf_counter()
        pieces = self.quarantine.sift(self._process, records)
        self.family.pace.learn(len(records), time.perf_counter() - began)
        return pieces

    def _process(self, records: Sequence[Inbound]) -> Outcome:
        self.table.expect(record.key for record in records)
        return self._run(self.family.processor.process, records)

    def _run(self, work: Callable[..., Outcome], *args: object) -> Outcome:
        """Let the processor work on rows and memory: all of what it does counts, or when it raises, nothing."""
        draft = {name: dict(value) if isinstance(value, dict) else value for name, value in self.memory.items()}
        try:
            outcome = work(self.table, draft, *args)
            self.table.commit()
        except BaseException:
            self.table.abandon()
            raise
        self.memory = draft
        return outcome

    async def _send(self, outcome: Outcome, topic: str, records: Sequence[Inbound], tools: Tools) -> None:
        sent = await tools.outbox.send(outcome.records)
        self.sent += sent
        self.held += outcome.saved
        tools.metrics.observe(topic, records, outcome, sent)
        tools.audience.see(outcome, records)
        self.unsaved += len(outcome.records) + len(outcome.saved)
        if self.unsaved >= tools.checkpoint_after:
            self.full.set()


def _buried(record: Inbound, reason: BadEvent, tools: Tools) -> Outcome:
    outcome = Outcome([dead_letter(tools.dead_letters, record, "apply", reason, now_ms())])
    outcome.counts["dead_letter"] = 1
    return outcome
