"""The thread that fetches: it takes records off aiokafka as they arrive and hands them to the engine as batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP

from streamrec.engine.guard import Batch, Cursor
from streamrec.kafka import insides

if TYPE_CHECKING:
    from streamrec.engine.transport import BatchConsumer

quiet = logging.getLogger("faust.streamrec")
"""Without a logger of their own, subclasses of Faust's services would log as if they were ours."""

Answer = TypeVar("Answer")
LOOK_S = 0.25
"""What changed without a signal (a partition that was opened, flow that was resumed) is noticed within this time."""
LINGER_S, BUSY_LINGER_S = 0.002, 0.008
"""Between two fetches, and when the engine is behind. A fetch names every partition however little it brings, so that one right after
another costs most where least comes. A longer pause would be seen in every list, whose median latency is a few milliseconds."""
PREFETCH_BACKOFF_S = 0.02
"""For so long aiokafka waits for records to be taken before it fetches without their partition, which then waits for that fetch to end.
With its own 0.1 s one busy partition would keep the others from being fetched. With 5 ms a partition was left out too easily: the median
latency at 5,000 events/s was 30 ms, and 7 ms since everything is taken at once."""


class BatchThread(driver.AIOKafkaConsumerThread):
    """The thread of the group's consumer, and the only one that moves fetch positions."""

    logger = quiet
    consumer: BatchConsumer

    def __init__(self, *args: Any, fetch_max_wait_ms: int, poll_records: int, **options: Any) -> None:
        super().__init__(*args, thread_loop=uvloop.new_event_loop(), **options)
        self._close_thread_loop_on_stop = True
        self._fetch_max_wait_ms = fetch_max_wait_ms
        self._most = poll_records
        self._pumping: asyncio.Future[None] = asyncio.Future(loop=self.thread_loop)
        self.cursors: dict[TP, Cursor] = {}

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        insides.read_whole_transactions(consumer, self._fetch_max_wait_ms)
        insides.assign_by_range(consumer)
        return consumer

    async def ask(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run something on this thread's loop; called from the engine's loop."""
        # Faust's `call_thread` runs two calls at a time, also those whose callers gave up: two commits that waited for an absent
        # coordinator kept everything from being fetched, for good.
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))

    async def move(self, places: Mapping[TP, Cursor]) -> None:
        """Fetch from these positions on. Partitions that are not ours any more are passed over: they are about to be closed."""
        consumer = self._ensure_consumer()
        own = consumer.assignment()
        for tp, cursor in places.items():
            if tp in own:
                consumer.seek(tp, cursor.position)
                self.cursors[tp] = cursor

    async def rejoin(self) -> None:
        """Have the group decide again whose the partitions are."""
        insides.request_rejoin(self._ensure_consumer())

    async def on_start(self) -> None:
        await super().on_start()
        insides.wait_for_buffer(self._ensure_consumer(), PREFETCH_BACKOFF_S)
        self._pumping = pumping = asyncio.create_task(self._pump())
        pumping.add_done_callback(self._pumped)

    async def on_thread_stop(self) -> None:
        self._pumping.cancel()
        await super().on_thread_stop()

    def wake(self) -> None:
        """Look again at what is to be fetched; called from other threads."""
        self.thread_loop.call_soon_threadsafe(lambda: insides.wake(self._ensure_consumer()))

    async def _pump(self) -> None:
        """Take what arrives off aiokafka at once, for as long as the thread runs.

        aiokafka leaves a partition out of its next fetch while records of it lie untaken.
        """
        consumer = self._ensure_consumer()
        while True:
            insides.raise_faults(consumer)
            waiter = insides.fetch_waiter(consumer)
            active = self.consumer.wanted() if self.consumer.flow_active else frozenset[TP]()
            # Never an empty set: aiokafka would take it for all partitions.
            if active and (batches := await self._take(consumer, active)):
                waiter.cancel()
                await self._hand_over(batches)
                await asyncio.sleep(LINGER_S)
                # The engine has not come to what it has: to fetch more now would only cost.
                if not self.consumer.engine.inbox.empty:
                    await asyncio.sleep(BUSY_LINGER_S)
                continue
            await asyncio.wait([waiter], timeout=LOOK_S)
            if waiter.done():
                waiter.result()
            else:
                waiter.cancel()

    async def _hand_over(self, batches: list[Batch]) -> None:
        """Give batches to the engine's loop and wait until it has them."""
        # Only then does its inbox say how much it holds. While the loop was busy for some tenths of a second with large records, two
        # gigabytes of them were fetched behind its back: that was measured.
        taken = self.thread_loop.create_future()

        def arrive() -> None:
            self.consumer.arrived(batches)
            self.thread_loop.call_soon_threadsafe(_settle, taken)

        self.consumer.loop.call_soon_threadsafe(arrive)
        await taken

    def _pumped(self, pumping: asyncio.Task[None]) -> None:
        if not pumping.cancelled() and (fault := pumping.exception()) is not None and not isinstance(fault, ConsumerStoppedError):
            self.consumer.loop.call_soon_threadsafe(self.consumer.engine.fail, fault)

    async def _take(self, consumer: AIOKafkaConsumer, active: frozenset[TP]) -> list[Batch]:
        records: Mapping[TP, Any] = await self._fetch_records(consumer, cast(Any, active), timeout=0, max_records=self._most)
        # No await between the fetch and the positions: they belong together. A position that moved without records has
        # passed over control records or aborted ones.
        batches = []
        for tp in active:
            cursor, state = self.cursors.get(tp), insides.state_of(consumer, tp)
            if cursor is not None and state is not None and state.has_valid_position and state.position != cursor.position:
                lag = max(0, state.highwater - state.position) if state.highwater is not None else 0
                batches.append(Batch(*tp, cursor.epoch, cursor.position, state.position, records.get(tp, ()), lag))
                self.cursors[tp] = Cursor(cursor.epoch, state.position)
        return batches

    async def committed_offsets(self, tps: Iterable[TP]) -> dict[TP, int | None]:
        """What the group has committed."""
        consumer = self._ensure_consumer()
        return {tp: await consumer.committed(tp) for tp in tps}

    async def commit_positions(self, positions: Mapping[TP, int]) -> None:
        """Commit positions of partitions that are ours; only those who watch the group's lag look at them."""
        consumer = self._ensure_consumer()
        own = consumer.assignment()
        offsets = {TopicPartition(*tp): OffsetAndMetadata(position, "") for tp, position in positions.items() if tp in own}
        if offsets:
            await consumer.commit(offsets)

    def lag(self, positions: Mapping[TP, int]) -> dict[TP, int]:
        """Records behind each position, by the end that the last fetch named. Safe on any thread."""
        consumer = self._ensure_consumer()
        states = {tp: insides.state_of(consumer, tp) for tp in positions}
        return {tp: max(0, state.highwater - positions[tp]) for tp, state in states.items() if state and state.highwater is not None}

    def answered(self, tps: Iterable[TP]) -> float | None:
        """See `streamrec.kafka.insides.last_answer`."""
        return insides.last_answer(self._ensure_consumer(), tps)


def _settle(taken: asyncio.Future[None]) -> None:
    if not taken.done():
        taken.set_result(None)
