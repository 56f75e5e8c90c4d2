"""One partition number of one state family: its lock, its rows, and how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from streamrec.clock import now_ms
from streamrec.errors import BadEvent, StreamrecError
from streamrec.events.dead_letters import dead_letter
from streamrec.events.records import Inbound, Outbound, place
from streamrec.processors.base import Memory, Outcome, Processor
from streamrec.stream.changelog import Changelog
from streamrec.stream.core import Core
from streamrec.stream.disk import Disk
from streamrec.stream.guard import Batch, Guard, Verdict
from streamrec.stream.mark import Mark, decode_mark
from streamrec.stream.outbox import Outbox, Sent
from streamrec.stream.quarantine import Quarantine
from streamrec.stream.table import Budget, Table
from streamrec.web.audience import Audience
from streamrec.web.metrics import Metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of state: the topics that change it (full names), its changelog, and its code."""

    name: str
    sources: tuple[str, ...]
    changelog: str
    processor: Processor[Any]


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
    `sent` are records to be confirmed before the next checkpoint, `held` those that belong into it. `origin` is where the
    sources went on when the partition was recovered.
    """

    def __init__(self, family: Family, number: int, changelog: Changelog, disk: Disk, cache: Budget) -> None:
        self.family = family
        self.number = number
        self.changelog = changelog
        self.disk = disk
        self.table: Table[Any] = Table(disk, family.processor, cache)
        self.memory: Memory = {}
        self.guard = Guard()
        self.origin: dict[str, int] = {}
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

    async def apply(self, piece: Batch, tools: Tools) -> Verdict:
        """Apply a batch, or a piece of one, if it follows exactly on the last."""
        async with self.lock:
            if not self.open or self.torn:
                return Verdict.STALE  # on its way since before the partition was given up: its next owner fetches it again
            verdict = self.guard.judge(piece)
            return await self._take(piece, tools) if verdict is Verdict.APPLY else verdict

    async def tick(self, tools: Tools) -> None:
        """Let the processor send what waits for a time."""
        processor = self.family.processor
        async with self.lock:
            if self.open and not self.torn and processor.waits(self.memory):
                self.torn = True
                outcome = await tools.core.run(processor.tick, self.table, self.memory, now_ms())
                await self._send(outcome, "tick", (), tools)
                if outcome.records or outcome.saved or self.table.dirty:
                    self.moved.set()
                self.torn = False

    async def go_back(self, tools: Tools) -> None:
        """Return to the last checkpoint, as if nothing had been applied since; the sources must be fetched again from there."""
        async with self.saving, self.lock:
            await tools.core.run(self.table.revert)
            self.held = []
            raw = self.disk.stamp.mark if self.disk.stamp else None
            self.memory = (decode_mark(raw).memory if raw else {}) | {"partition": self.number}
            self.guard.next = self.origin | (self.saved.next if self.saved else {})
            self.torn = False

    async def _take(self, piece: Batch, tools: Tools) -> Verdict:
        good, condemned = self.quarantine.sort(piece.records)
        # Whoever is cancelled in here leaves rows without their records: `torn` keeps a checkpoint from saving that.
        self.torn = True
        outcome = Outcome()
        if good:
            try:
                outcome = await tools.core.run(self.family.processor.process, self.table, self.memory, good)
            except StreamrecError:
                raise  # state or disk are at fault, not the records
            except Exception as fault:
                self.quarantine.blame(piece, good, fault)
                log.warning("a processor raised; its records are tried again in smaller pieces", partition=self.label, records=len(good))
                log.debug("the fault", exc_info=fault)
                return Verdict.FAULT
        self._bury(outcome, condemned, tools)
        await self._send(outcome, piece.topic, piece.records, tools)
        self.guard.advance(piece)
        self.moved.set()
        self.torn = False
        return Verdict.BURIED if condemned else Verdict.APPLY

    def _bury(self, outcome: Outcome, condemned: Sequence[tuple[Inbound, BadEvent]], tools: Tools) -> None:
        for record, reason in condemned:
            log.error("a record on which the processor raises becomes a dead letter", **place(record))
            outcome.records.append(dead_letter(tools.dead_letters, record, "apply", reason, now_ms()))
            outcome.counts["dead_letter"] += 1

    async def _send(self, outcome: Outcome, topic: str, records: Sequence[Inbound], tools: Tools) -> None:
        sent = await tools.outbox.send(outcome.records)
        self.sent += sent
        self.held += outcome.saved
        tools.metrics.observe(topic, records, outcome, sent)
        tools.audience.see(outcome, records)
        self.unsaved += len(outcome.records) + len(outcome.saved)
        if self.unsaved >= tools.checkpoint_after:
            self.full.set()
