"""The engine: opens, feeds and closes the partitions that Faust assigns, and says when the process must end."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from faust.types.tuples import TP

from streamrec.errors import Stalled, StateMismatch
from streamrec.settings import Settings
from streamrec.stream.changelog import Changelog
from streamrec.stream.checkpoint import TopicIds, checkpoint, keep
from streamrec.stream.core import off_loop
from streamrec.stream.disk import Disk
from streamrec.stream.guard import Batch
from streamrec.stream.partition import Family, Partition, Tools
from streamrec.stream.recovery import recover

if TYPE_CHECKING:
    from streamrec.stream.transport import BatchThread

log = structlog.get_logger(__name__)

OPEN_AT_ONCE = 8
TICK_S = 0.2
COMMIT_S = 1.0
COMMIT_PATIENCE_S = 5.0
HEAL_AFTER_S = 3.0


class Engine:
    """Owns the partitions of this worker; everything here runs on the event loop.

    No partition is fetched before `gate` is set. `failure` gets an exception when the process must end. `joined` says
    that the group has given us partitions, or none.
    """

    thread: BatchThread

    def __init__(
        self, settings: Settings, families: Iterable[Family], tools: Tools, ids: TopicIds, tombstones_kept_ms: Mapping[str, int]
    ) -> None:
        self.settings = settings
        self.tools = tools
        self.gate = asyncio.Event()
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.joined = False
        self._families = tuple(families)
        self._family_of = {topic: family for family in self._families for topic in family.sources}
        self._ids, self._tombstones_kept_ms = ids, tombstones_kept_ms
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._keepers: dict[Partition, asyncio.Task[None]] = {}
        self._opening: asyncio.Task[None] | None = None
        self._releasing = asyncio.Lock()
        self._committed: dict[TP, int] = {}
        self._epochs = itertools.count(1)
        self._under_way: dict[TP, float] = {}
        self._applied: dict[str, float] = {}
        self._handling: set[str] = set()

    @property
    def sources(self) -> tuple[str, ...]:
        """The topics that change state, by full name."""
        return tuple(self._family_of)

    def opening(self) -> int:
        """How many partitions are assigned, but not open so far."""
        return sum(not partition.open for partition in self._partitions.values())

    def assign(self, tps: frozenset[TP]) -> None:
        """Open the partitions that the group gave us; returns at once."""
        self.joined = True
        known = {number for _, number in self._partitions}
        numbers = sorted({tp.partition for tp in tps} - known)
        if {TP(topic, number) for topic in self.sources for number in numbers} - tps:
            self.fail(StateMismatch("the group has torn partitions of one number apart: stop all workers that run another version"))
        elif numbers:
            self._opening = self.watch(self._open(numbers))

    async def release(self) -> None:
        """Save and close all partitions."""
        async with self._releasing:
            self.joined = False
            if self._opening is not None:
                self._opening.cancel()
                await asyncio.wait([self._opening])
                self._opening = None
            partitions, self._partitions = list(self._partitions.values()), {}
            self._under_way.clear()
            await asyncio.gather(*(self._or_fail(self._save_last(partition)) for partition in partitions))
            await self._commit(partitions)
            await asyncio.gather(*(self._or_fail(self._close(partition)) for partition in partitions))
            self._count_open()

    def wants(self, tp: TP) -> bool:
        """Whether to fetch the partition: it is open, and its last batch has been applied. Safe on any thread."""
        partition = self._partition(tp)
        return partition is not None and partition.open and tp not in self._under_way

    def fetched(self, tp: TP) -> None:
        """A batch of the partition is on its way through Faust; what arrives meanwhile becomes the next one. Safe on any thread."""
        self._under_way[tp] = time.monotonic()

    async def handle(self, batch: Batch) -> None:
        """Apply a batch that an agent was given."""
        tp = TP(batch.topic, batch.partition)
        partition = self._partition(tp)
        if partition is not None and not self.failure.done():
            self._handling.add(tp.topic)
            await self._or_fail(partition.apply(batch, self.tools, self._move))
            self._handling.discard(tp.topic)
            self._applied[tp.topic] = self._under_way.get(tp, 0.0)
            self._arrived(tp)

    def fail(self, exc: BaseException) -> None:
        """End the process: what is not saved is read again by the next one."""
        if not self.failure.done():
            self.failure.set_exception(exc)

    def watch(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Run something beside the engine; when it raises, the process ends."""
        return asyncio.create_task(self._or_fail(work))

    async def run(self) -> None:
        """Tick, commit and heal until cancelled."""
        await asyncio.gather(self._tick(), self._commit_now_and_then(), self._heal())

    def lag(self) -> dict[str, int]:
        """Records that wait to be read, by topic."""
        found = dict.fromkeys(self.sources, 0)
        nexts = {TP(topic, one.number): at for one in self._partitions.values() if one.open for topic, at in one.guard.next.items()}
        for tp, records in self.thread.lag(nexts).items() if nexts else ():
            found[tp.topic] += records
        return found

    async def _tick(self) -> None:
        limit_s = self.settings.stall_timeout_s
        while True:
            await asyncio.sleep(TICK_S)
            for partition in list(self._partitions.values()):
                try:
                    async with asyncio.timeout(limit_s):
                        await partition.tick(self.tools)
                except TimeoutError as exc:
                    raise Stalled(f"{partition.label} has not moved for {limit_s:g} s: is the model stuck? Start the worker again") from exc

    async def _commit_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_S)
            await self._commit(self._partitions.values())

    async def _heal(self) -> None:
        """Fetch again what was handed out but has not arrived, should Faust have lost it on the way."""
        while True:
            await asyncio.sleep(HEAL_AFTER_S / 2)
            for tp, since in list(self._under_way.items()):
                partition = self._partition(tp)
                # An agent takes batches in the order of their fetch: what a later one has overtaken is lost.
                overtaken = since < self._applied.get(tp.topic, 0.0)
                unseen = tp.topic not in self._handling and since < time.monotonic() - HEAL_AFTER_S
                if partition is not None and partition.open and (overtaken or unseen):
                    log.warning("records were lost on their way through the worker; they are fetched again", partition=partition.label)
                    self.tools.metrics.gaps.inc()
                    await self._move(partition, tp.topic, partition.guard.next[tp.topic])

    async def _open(self, numbers: Iterable[int]) -> None:
        began = time.monotonic()
        limit = asyncio.Semaphore(OPEN_AT_ONCE)

        async def begin(family: Family, number: int) -> Partition:
            async with limit:
                disk = await off_loop(Disk, self.settings.data_dir / family.name / str(number))
                changelog = Changelog(self.settings, family.name, family.changelog, number)
                partition = Partition(family, number, changelog, disk, self.settings.row_cache)
                self._partitions[family.name, number] = partition
                await changelog.open()
                return partition

        new = await asyncio.gather(*(begin(family, number) for number in numbers for family in self._families))
        await recover(self.settings, new, self._ids, self._tombstones_kept_ms)
        await self._require_first_start([partition for partition in new if partition.saved is None])
        await self.gate.wait()
        for partition in new:
            for topic, position in list(partition.guard.next.items()):
                await self._move(partition, topic, position)
            partition.open = True
            keeper = keep(partition, self.tools, self._ids, self.settings.checkpoint_interval_s, self.settings.stall_timeout_s)
            self._keepers[partition] = self.watch(keeper)
        self._count_open()
        seconds = time.monotonic() - began
        self.tools.metrics.recovery_seconds.observe(seconds)
        log.info("partitions are open", partitions=len(new), seconds=round(seconds, 3))

    async def _require_first_start(self, empty: list[Partition]) -> None:
        tps = [TP(topic, partition.number) for partition in empty for topic in partition.family.sources]
        committed = await self.thread.call_thread(self.thread.committed_offsets, tps)
        read = sorted(f"{tp.topic}/{tp.partition}" for tp, offset in committed.items() if offset)
        if read:
            raise StateMismatch(
                f"the group {self.settings.app_id} has read {read[0]} before, but its changelog is empty: give back the old changelog "
                "topics, or choose another STREAMREC_APP_ID to begin anew"
            )

    async def _save_last(self, partition: Partition) -> None:
        async with partition.lock:
            was_open, partition.open = partition.open, False
        if was_open:
            await checkpoint(partition, self.tools, self._ids, self.settings.stall_timeout_s)

    async def _close(self, partition: Partition) -> None:
        keeper = self._keepers.pop(partition, None)
        if keeper is not None:
            keeper.cancel()
        await partition.changelog.close()
        await off_loop(partition.disk.close)

    async def _move(self, partition: Partition, topic: str, position: int) -> None:
        epoch = next(self._epochs)
        partition.guard.expect(topic, position, epoch)
        tp = TP(topic, partition.number)
        await self.thread.call_thread(self.thread.move, tp, epoch, position)
        self._arrived(tp)

    def _partition(self, tp: TP) -> Partition | None:
        return self._partitions.get((self._family_of[tp.topic].name, tp.partition))

    def _arrived(self, tp: TP) -> None:
        self._under_way.pop(tp, None)
        self.thread.wake()

    async def _commit(self, partitions: Iterable[Partition]) -> None:
        """Tell the group how far we are; only for those who watch its lag, so that a failure is no fault."""
        saved = {TP(topic, one.number): at for one in partitions if one.saved for topic, at in one.saved.next.items()}
        new = {tp: at for tp, at in saved.items() if self._committed.get(tp) != at}
        if new:
            try:
                async with asyncio.timeout(COMMIT_PATIENCE_S):
                    await self.thread.call_thread(self.thread.commit_positions, new)
                self._committed |= new
            except Exception as exc:
                log.debug("group offsets were not committed", reason=repr(exc))

    def _count_open(self) -> None:
        for family in self._families:
            count = sum(one.open for one in self._partitions.values() if one.family is family)
            self.tools.metrics.partitions.labels(family.name).set(count)

    async def _or_fail(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as exc:
            self.fail(exc)
