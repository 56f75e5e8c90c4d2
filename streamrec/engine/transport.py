"""Record batches through Faust: one poll's records of one partition are one Faust event."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import faust
from aiokafka.errors import ConsumerStoppedError
from faust.events import Event
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage, Message

from streamrec.engine.fetching import LOOK_S, BatchThread, quiet
from streamrec.engine.guard import Batch

if TYPE_CHECKING:
    from streamrec.engine.engine import Engine


class BatchConsumer(driver.Consumer):
    """Faust's consumer without acknowledgements and commits: the engine knows how far it has come."""

    logger = quiet
    _thread: BatchThread

    def __init__(self, *args: Any, **options: Any) -> None:
        self._news = asyncio.Event()
        super().__init__(*args, **options)
        self.engine.consumer = self

    @property
    def engine(self) -> Engine:
        """The engine whose batches these are."""
        return cast("BatchTransport", self.transport).engine

    def _new_consumer_thread(self) -> BatchThread:
        settings = self.engine.settings
        waits = {"fetch_max_wait_ms": settings.fetch_max_wait_ms, "poll_records": settings.poll_records}
        return BatchThread(self, loop=self.loop, beacon=self.beacon, **waits)

    async def subscribe(self, topics: Iterable[str]) -> None:
        # Joining takes partitions away from whoever has them: not before we can serve them, too.
        await self.engine.bide(self.app.conf.consumer_group_instance_id)
        await super().subscribe(topics)

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        return False

    def ack(self, message: Message) -> bool:
        message.acked = True
        return True

    def track_message(self, message: Message) -> None:
        pass

    async def verify_all_partitions_active(self) -> None:
        pass

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            self.engine.assign(frozenset(), generation_id)

    async def perform_seek(self) -> None:
        # Faust calls this after every assignment, before the flow resumes, and under a time limit: recovery must not run in here.
        self.engine.assign(frozenset(self.assignment()), self.app.consumer_generation_id)

    async def wait_empty(self) -> None:
        # Faust calls this on revocation and on stop, when the flow is suspended and its queues are cleared.
        await self.engine.pause()

    def arrived(self, batches: Iterable[Batch]) -> None:
        """Batches were fetched; called on the event loop."""
        for batch in batches:
            self.engine.inbox.put(batch)
        self._news.set()

    def look(self) -> None:
        """A partition may be ready for its next batch."""
        self._news.set()

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if not self.flow_active:
                    await self.wait(cast(Any, self.can_resume_flow))
                self._news.clear()
                for batch in self.engine.ready():
                    await self._deliver(batch)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_S)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise
        except Exception as exc:
            self.engine.fail(exc)

    def wanted(self) -> frozenset[TP]:
        """The partitions to be fetched. Safe on the consumer's thread."""
        # Faust changes its live set meanwhile, on another thread: only a copy may be walked through.
        return frozenset(tp for tp in self._active_partitions.copy() if self.engine.wants(tp))

    async def _deliver(self, batch: Batch) -> None:
        tp = TP(batch.topic, batch.partition)
        message = ConsumerMessage(
            batch.topic, batch.partition, batch.start, 0.0, 0, None, None, cast(Any, batch), None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip
        # Faust's own delivery watches for a suspended flow meanwhile, at the cost of two tasks a batch; here the queue never blocks.
        await self.callback(message)


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with our consumer."""

    Consumer = BatchConsumer

    def __init__(self, engine: Engine, *args: Any, **options: Any) -> None:
        self.engine = engine
        super().__init__(*args, **options)


class BatchSchema(faust.Schema[Any, Batch]):
    """Nothing to decode: the event's value is the batch."""

    def compile(self, app: Any, **options: Any) -> Callable[..., Any]:
        async def decode(message: Message, *, propagate: bool = False) -> Event:
            return Event(app, None, cast(Any, message.value), {}, message)

        return decode
