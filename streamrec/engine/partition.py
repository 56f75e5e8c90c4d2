"""One partition number of one state family: its lock, its rows, and how far it has come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from streamrec.contract.memory import Memory
from streamrec.contract.processor import Outcome, Processor, Shard
from streamrec.contract.records import Inbound, Outbound
from streamrec.contract.rows import Rows
from streamrec.engine.guard import Batch, Guard, Verdict
from streamrec.engine.outbox import Outbox, Sent
from streamrec.engine.quarantine import Piece, Quarantine, is_fatal
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.mark import Mark
from streamrec.engine.store.store import Store
from streamrec.engine.store.table import Budget, Table
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from streamrec.observe.audience import Audience
from streamrec.observe.metrics import Metrics
from streamrec.system.clock import now_ms
from streamrec.system.core import Core

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of state: the topics that change it (full names), its changelog, and its code; `personal` rows leave no trace when deleted."""

    name: str
    sources: tuple[str, ...]
    changelog: str
    processor: Processor[Any, Any]
    personal: bool = False


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Tools:
    """What all partitions of a worker share. A partition is saved early once it has sent `checkpoint_after` records.

    `dead_letters` is the full name of the topic for records on which a processor raises. `confirm` returns once what was fetched
    before is known to be of the topics that the state rests on.
    """

    core: Core
    outbox: Outbox
    metrics: Metrics
    checkpoint_after: int
    dead_letters: str
    confirm: Callable[[], Awaitable[None]] = _at_once
    audience: Audience = field(default_factory=Audience)


class Partition:
    """Applies batches one at a time. Under `lock`, a batch with its rows and records is in or out as a whole.

    `moved` is set when there is something to save, `full` when it should be saved at once; `saving` admits one checkpoint at a time.
    `sent` holds what must be confirmed before the next checkpoint, `held` the records that belong into it.
    """

    def __init__(self, family: Family, number: int, changelog: Changelog, disk: Store, cache: Budget) -> None:
        self.family = family
        self.number = number
        self.changelog = changelog
        self.disk = disk
        self.table: Table[Any] = Table(disk, family.processor, cache)
        self.memory: Memory = family.processor.memory()
        self.guard = Guard()
        self.quarantine = Quarantine()
        self.lock = asyncio.Lock()
        self.moved, self.full = asyncio.Event(), asyncio.Event()
        self.saving = asyncio.Lock()
        self.sent: Sent = []
        self.held: list[Outbound] = []
        self.unsaved = 0
        self.saved: Mark | None = None
        self.begins = 0
        self.open = False
        self.torn = False

    @property
    def label(self) -> str:
        """For messages."""
        return f"{self.family.name}/{self.number}"

    def judge(self, batch: Batch) -> Verdict:
        """Whether to apply a batch; under the lock."""
        # STALE, too: on its way since before the partition was given up. Its next owner fetches it again.
        return self.guard.judge(batch) if self.open and not self.torn else Verdict.STALE

    async def send(self, topic: str, piece: Piece, tools: Tools) -> None:
        """Send what was made of some records of a topic."""
        records, outcome = piece
        if isinstance(outcome, BadEvent):
            outcome = _buried(records[0], outcome, tools)
        # First: when sending raises, nothing of the piece may be saved or shown.
        sent = await tools.outbox.send(outcome.records)
        self.sent += sent
        self.held += outcome.saved
        tools.metrics.observe(topic, records, outcome, sent)
        tools.audience.see(outcome, records)
        self.unsaved += len(outcome.records) + len(outcome.saved)
        if self.unsaved >= tools.checkpoint_after:
            self.full.set()

    def advance(self, batch: Batch) -> None:
        """Take note that the batch was applied and that what was made of it is on its way."""
        self.guard.advance(batch)
        self.moved.set()
        self.torn = False

    async def tick(self, tools: Tools) -> None:
        """Let the processor send what waits for a time."""
        processor = self.family.processor
        async with self.lock:
            # A torn partition has rows without their records: only closing it, unsaved, mends that.
            if self.open and not self.torn and processor.waits(Shard(self.number, self.table, self.memory)):
                self.torn = True
                try:
                    outcome = await tools.core.run(self._tick)
                except Exception as fault:
                    if is_fatal(fault):
                        raise
                    self.quarantine.tolerate(fault)
                    self.torn = False
                    return
                await self.send("tick", Piece((), outcome), tools)
                if outcome.records or outcome.saved or self.table.dirty:
                    self.moved.set()
                self.torn = False

    def find(self, read: Callable[[Rows[Any]], Result]) -> Result:
        """What `read` finds in the rows; on the core thread, between two batches."""
        try:
            return read(self.table)
        finally:
            self.table.abandon()  # `read` may have changed what it was given

    def _tick(self) -> Outcome:
        return transact([self], lambda shards: self.family.processor.tick(shards[0], now_ms()))


def transact(partitions: Sequence[Partition], work: Callable[[Sequence[Shard[Any, Any]]], Result]) -> Result:
    """Let a processor work on shards of partitions. Everything it does counts, or nothing if it raises.

    The shards hold the tables and a draft of each memory. Belongs to the core.
    """
    # A draft costs a copy; to undo what a batch did to a memory would take a journal of every change.
    shards = [Shard(partition.number, partition.table, partition.memory.draft()) for partition in partitions]
    try:
        result = work(shards)
        # Whoever cannot be packed must be known before anybody is committed.
        for partition in partitions:
            partition.table.seal()
    except BaseException:
        for partition in partitions:
            partition.table.abandon()
        raise
    for partition, shard in zip(partitions, shards, strict=True):
        partition.table.commit()
        partition.memory = shard.memory
    return result


def _buried(record: Inbound, reason: BadEvent, tools: Tools) -> Outcome:
    outcome = Outcome([dead_letter(tools.dead_letters, record, "apply", reason, now_ms())])
    outcome.counts["dead_letter"] = 1
    return outcome
