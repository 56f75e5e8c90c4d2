"""The engine: opens, feeds and closes the partitions that Faust assigns, and decides when the process must end."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from faust.types.tuples import TP

from streamrec.contract.backlog import Backlog, together
from streamrec.contract.rows import Rows
from streamrec.engine.checkpoint import TopicIds, checkpoint, keep
from streamrec.engine.flight import Flight
from streamrec.engine.guard import Batch, Cursor
from streamrec.engine.inbox import Inbox
from streamrec.engine.joining import others_serve
from streamrec.engine.offsets import GroupOffsets
from streamrec.engine.opening import Opener
from streamrec.engine.partition import Family, Partition, Tools
from streamrec.engine.rounds import Rounds
from streamrec.engine.upkeep import Upkeep
from streamrec.errors import StateMismatch
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.core import finished, off_loop

if TYPE_CHECKING:
    from streamrec.engine.fetching import BatchThread
    from streamrec.engine.transport import BatchConsumer

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

INCOMPLETE_S = 30.0
"""For so long an assignment that lacks topics may be an old one, which the group gave before it knew of them: it is asked for another."""


class Engine:
    """Owns the partitions of this worker; everything here runs on the event loop.

    No partition is fetched before `gate` is set. `failure` gets an exception when the process must end. `joined` says
    that the group has given us partitions, or none; `biding` that others serve them while the gate is shut.
    """

    consumer: BatchConsumer

    def __init__(self, settings: Settings, families: Iterable[Family], tools: Tools, opener: Opener, ids: TopicIds) -> None:
        self.settings = settings
        self.tools = tools
        self.gate = asyncio.Event()
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.joined = self.biding = False
        self._families = tuple(families)
        self._family_of = {topic: family for family in self._families for topic in family.sources}
        self._opener, self._ids = opener, ids
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._keepers: dict[Partition, asyncio.Task[None]] = {}
        self._opening: asyncio.Task[None] | None = None
        self._pausing = asyncio.Lock()
        self._closed = False
        self._generation = 0
        self._incomplete: float | None = None
        self._offsets = GroupOffsets()
        self._epochs = itertools.count(1)
        self._flight = Flight()
        self._rounds = [
            Rounds(family, tools, self.partition, self._settled, self.fetch_again, partial(self._coming, frozenset(family.sources)))
            for family in self._families
        ]
        self._rounds_of = {topic: rounds for family, rounds in zip(self._families, self._rounds, strict=True) for topic in family.sources}
        self._upkeep = Upkeep(self, self._partitions, self._flight, self._offsets, [family.name for family in self._families])
        self.inbox = Inbox(settings.poll_records)

    @property
    def sources(self) -> tuple[str, ...]:
        """The topics that change state, by full name."""
        return tuple(self._family_of)

    @property
    def thread(self) -> BatchThread:
        """The thread that fetches."""
        return self.consumer._thread

    async def bide(self, instance_id: str) -> None:
        """Wait until we can serve, where others do so meanwhile."""
        if not self.gate.is_set() and await off_loop(others_serve, self.settings, instance_id):
            log.info("other workers serve meanwhile: joining them once catalogue and model are here")
            self.biding = True
            await self.gate.wait()
            self.biding = False

    def opening(self) -> int:
        """How many partitions are assigned but not open yet."""
        waiting = self._opening is not None and not self._opening.done()
        return max(int(waiting), sum(not partition.open for partition in self._partitions.values()))

    def assign(self, tps: frozenset[TP], generation: int) -> None:
        """Open the partitions that the group gave us in this generation and close what it took away; returns at once.

        What we had in the generation before stays open, with all it has in memory. After a generation that we missed
        another worker may have had it, and it is opened anew.
        """
        if self._closed:
            return
        self.joined = True
        numbers = {tp.partition for tp in tps}
        incomplete = {number for topic in self.sources for number in numbers if TP(topic, number) not in tps}
        if not incomplete:
            self._incomplete = None
        elif self._incomplete is None:
            self._incomplete = time.monotonic()
            self.watch(self._explain(incomplete, self._incomplete))
        numbers -= incomplete
        # In the next generation, or the same one told again, nobody else can have had what we had.
        kept = numbers if generation - self._generation in (0, 1) else set[int]()
        self._generation = generation
        before = self._opening
        self._opening = self.watch(self._take_over(numbers, kept, before))

    async def _explain(self, incomplete: set[int], since: float) -> None:
        # A topic that was deleted, or that the brokers do not know yet, is missing too: who looks at the topics tells that.
        await self.tools.confirm()
        # A static member that starts again is given what its group decided when the topic was not there.
        await self.thread.ask(self.thread.rejoin())
        await asyncio.sleep(INCOMPLETE_S)
        if self._incomplete == since:
            partitions = ", ".join(map(str, sorted(incomplete)))
            raise StateMismatch(f"the group gave only some topics of partition {partitions}: stop all workers that run another version")

    async def pause(self) -> None:
        """Save all partitions and let them rest until the group has decided whose they are."""
        async with self._pausing:
            self.joined = False
            if self._opening is not None:
                self._opening.cancel()
                await asyncio.wait([self._opening])
                self._opening = None
            # Faust clears its queues meanwhile: what was on its way is fetched again, from where the guards are.
            self._flight.clear()
            for rounds in self._rounds:
                rounds.clear()
            partitions = list(self._partitions.values())
            await asyncio.gather(*(self._or_fail(self._save_last(partition)) for partition in partitions))
            await self._offsets.commit(partitions, self.thread)
            self._count_open()

    async def close(self) -> None:
        """Save and close all partitions, for good."""
        self._closed = True
        await self.pause()
        await self._close(list(self._partitions.values()))

    def wants(self, tp: TP) -> bool:
        """Whether to fetch the partition. Safe on any thread."""
        partition = self.partition(tp)
        return partition is not None and partition.open and not self.inbox.full(tp)

    def ready(self) -> list[Batch]:
        """Take the next batches of the partitions whose last one has been applied; from now on they are under way through Faust."""
        tps = [tp for tp in self.inbox.tps() if self._flight.idle(tp)]
        again = any(self.inbox.full(tp) for tp in tps)  # full ones were left out of the fetches, and are about to have room
        for tp in tps:
            self._flight.begin(tp)
        batches = [self.inbox.take(tp) for tp in tps]
        if again:
            self.thread.wake()
        return batches

    def land(self, batch: Batch) -> None:
        """Take a batch that has come through Faust; it waits for its round."""
        tp = TP(batch.topic, batch.partition)
        self._flight.land(tp)
        self._rounds_of[tp.topic].put(batch)

    def fail(self, exc: BaseException) -> None:
        """Make the process end; the next one reads again what is not saved."""
        # The first fault is the cause: those that follow come of it.
        if not self.failure.done():
            self.failure.set_exception(exc)

    def watch(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Run something beside the engine; when it raises, the process ends."""
        return asyncio.create_task(self._or_fail(work))

    async def run(self) -> None:
        """Apply what is fetched, and look after it, until cancelled."""
        await asyncio.gather(*(rounds.run() for rounds in self._rounds), self._upkeep.run())

    def silence_s(self) -> float:
        """For how long (s) Kafka has answered neither fetches nor our wish to join the group."""
        return self._upkeep.silence_s()

    def lag(self) -> dict[str, int]:
        """Records that wait to be read, by topic."""
        lag = dict.fromkeys(self.sources, 0)
        open_here = [partition for partition in self._partitions.values() if partition.open]
        nexts = {TP(topic, partition.number): at for partition in open_here for topic, at in partition.guard.next.items()}
        for tp, records in self.thread.lag(nexts).items() if nexts else ():
            lag[tp.topic] += records
        return lag

    def queued(self) -> int:
        """Records that were fetched and wait for their turn."""
        return len(self.inbox)

    def backlog(self) -> Backlog:
        """How many users and events wait in the partitions that are open."""
        return together(partition.memory.backlog(now_ms()) for partition in self._partitions.values() if partition.open)

    async def look(self, family: str, number: int, read: Callable[[Rows[Any]], Answer]) -> Answer | None:
        """What `read` finds in the rows of a partition, between two batches; None when the partition is not open here."""
        partition = self._partitions.get((family, number))
        if partition is None:
            return None
        async with partition.lock:
            return await self.tools.core.run(partition.find, read) if partition.open and not partition.torn else None

    def _settled(self, tp: TP) -> None:
        self._flight.end([tp])
        if tp in self.inbox:
            self.consumer.look()

    def _coming(self, topics: Collection[str]) -> bool:
        """Whether a batch of these topics is on its way to its round, or about to be."""
        # What waits behind a batch that is under way does not come before that one has been applied.
        return any(tp.topic in topics for tp in self._flight.flying()) or any(
            tp.topic in topics and self._flight.idle(tp) for tp in self.inbox.tps()
        )

    async def fetch_again(self, partition: Partition, topic: str) -> None:
        """Fetch from where the partition stands: batches of the topic were lost on their way here."""
        self.tools.metrics.gaps.inc()
        await self._move([partition], [topic])

    async def _take_over(self, numbers: set[int], kept: set[int], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            try:
                await asyncio.wait([before])
            except asyncio.CancelledError:
                before.cancel()
                await asyncio.wait([before])
                raise
        # A partition without a keeper was never quite open; a torn one was cancelled amid a batch.
        unfit = [
            partition
            for partition in self._partitions.values()
            if partition.number not in kept or partition not in self._keepers or partition.torn
        ]
        # Those that stay go on at once: their users need not wait until the others are closed.
        closing = self._close(unfit)
        try:
            await self._resume(list(self._partitions.values()))
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await finished(closing)
            raise
        wanted = [
            (family, number) for number in sorted(numbers) for family in self._families if (family.name, number) not in self._partitions
        ]
        if wanted:
            began = time.monotonic()
            partitions = await self._opener.open(wanted, self._register, self.thread)
            # Recovery goes on while the catalogue is read, but no list is made before it is there.
            await self.gate.wait()
            await self._resume(partitions)
            for partition in partitions:
                keeper = keep(partition, self.tools, self._ids, self.settings.checkpoint_interval_s, self.settings.stall_timeout_s)
                self._keepers[partition] = self.watch(keeper)
            seconds = time.monotonic() - began
            self.tools.metrics.recovery_seconds.observe(seconds)
            log.info("partitions are open", partitions=len(partitions), seconds=round(seconds, 3))

    def _register(self, partition: Partition) -> None:
        self._partitions[partition.family.name, partition.number] = partition

    async def _resume(self, partitions: list[Partition]) -> None:
        await self._move(partitions)
        self._upkeep.heard()
        for partition in partitions:
            partition.open = True
        self._count_open()

    async def _save_last(self, partition: Partition) -> None:
        async with partition.lock:
            was_open, partition.open = partition.open, False
        if was_open:
            await self._checkpoint(partition)

    async def _checkpoint(self, partition: Partition) -> None:
        await checkpoint(partition, self.tools, self._ids, self.settings.stall_timeout_s)

    def _close(self, partitions: list[Partition]) -> asyncio.Task[None]:
        """Let go of partitions: nobody finds them any more, and the task that is returned closes them."""
        for partition in partitions:
            del self._partitions[partition.family.name, partition.number]

        async def close(partition: Partition) -> None:
            keeper = self._keepers.pop(partition, None)
            if keeper is not None:
                keeper.cancel()
                await finished(keeper)  # it may be rewriting the disk that is about to be closed
            await self._opener.close(partition)

        async def close_all() -> None:
            await asyncio.gather(*(self._or_fail(close(partition)) for partition in partitions))

        return asyncio.create_task(close_all())

    async def _move(self, partitions: Iterable[Partition], topics: Iterable[str] | None = None) -> None:
        """Fetch again from the guards' positions, all topics unless some are named."""
        places = {}
        for partition in partitions:
            if self._partitions.get((partition.family.name, partition.number)) is not partition:
                continue  # closed meanwhile: its number may have been opened anew, from another place
            for topic in topics or partition.family.sources:
                cursor = Cursor(next(self._epochs), partition.guard.next[topic])
                partition.guard.expect(topic, cursor)
                places[TP(topic, partition.number)] = cursor
        for tp in places:
            self.inbox.drop(tp)
            self._rounds_of[tp.topic].drop(tp)
        await self.thread.ask(self.thread.move(places))
        self._flight.end(places)
        self.thread.wake()

    def partition(self, tp: TP) -> Partition | None:
        """The partition to which records of a topic partition belong, if it is here, open or not. Safe on any thread."""
        return self._partitions.get((self._family_of[tp.topic].name, tp.partition))

    def _count_open(self) -> None:
        for family in self._families:
            count = sum(partition.open for partition in self._partitions.values() if partition.family is family)
            self.tools.metrics.partitions.labels(family.name).set(count)

    async def _or_fail(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as exc:
            self.fail(exc)
