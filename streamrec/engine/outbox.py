"""What leaves the worker: record batches through one idempotent producer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder

from streamrec.contract.records import Outbound, Record
from streamrec.errors import BadEvent
from streamrec.events.dead_letters import dead_letter
from streamrec.events.declaration import EVENT_BYTES
from streamrec.events.sizes import shortened, size_of
from streamrec.events.topics import TOPICS
from streamrec.kafka import producers
from streamrec.kafka.batches import Destination, Fields, by_destination, fill
from streamrec.settings import Settings
from streamrec.system.clock import now_ms

log = structlog.get_logger(__name__)

LARGE_BYTES = 64 * 1024
"""Only records with longer values are measured: the others are far below what any topic takes, since our headers are few and short."""
WAITING_BYTES = 32 * 1024 * 1024
"""Beyond this, whoever sends waits: Kafka is slower than the worker, and a broker that is silent must not fill the memory."""

Sent = list[asyncio.Future[Any]]
"""Futures that are done when the broker has acknowledged."""


class Outbox:
    """The worker's producer of everything but the changelogs. Records leave at once, in the order given.

    One batch of each partition is with the producer at a time; records that come meanwhile become the next one.
    """

    def __init__(self, settings: Settings, limits: Mapping[str, int] | None = None) -> None:
        """`limits` gives the largest batch (bytes) of topics by full name, where it is another than the one that we create them with."""
        self._settings = settings
        ours = {settings.topic(name): int(topic.config.get("max.message.bytes", EVENT_BYTES)) for name, topic in TOPICS.items()}
        self._limits = {**ours, **(limits or {})}
        self._dead_letters = settings.topic("dead-letters")
        self._producer: AIOKafkaProducer | None = None
        self._lanes: dict[Destination, _Lane] = {}
        self._busy: set[_Lane] = set()
        self._partitions: dict[str, int] = {}

    async def open(self) -> None:
        """Connect."""
        self._producer = producers.idempotent(self._settings)
        await self._producer.start()

    async def send(self, records: Sequence[Outbound]) -> Sent:
        """Send records. The futures returned must be done before a checkpoint covers the records.

        A record larger than a batch goes out in a batch of its own. One that is larger than its topic takes becomes a dead letter, and a
        dead letter is shortened.
        """
        producer = self._producer
        assert producer is not None
        dead = self._dead_letters
        # Looked at right here, since nearly all are small: a call for each would cost as much as sending it.
        records = [
            record if len(record.value or b"") <= LARGE_BYTES and record.topic != dead else self._fitting(record) for record in records
        ]
        for topic in {record.topic for record in records if record.partition is None}.difference(self._partitions):
            self._partitions[topic] = len(await producer.partitions_for(topic))
        sent: Sent = []
        for place, fields in by_destination(records, self._partitions.__getitem__).items():
            lane = self._lanes.get(place) or self._lanes.setdefault(place, _Lane(producer, *place, self._busy))
            sent += lane.extend(fields)
        while sum(lane.waiting_bytes for lane in self._busy) > WAITING_BYTES:
            await asyncio.wait([lane.task for lane in self._busy if lane.task is not None], return_when=asyncio.FIRST_COMPLETED)
        return sent

    def _fitting(self, record: Outbound) -> Outbound:
        """A large record or a dead letter, as its topic takes it."""
        if record.topic == self._dead_letters:
            return shortened(record, self._limits[record.topic])
        size, most = size_of(record.key, record.value, record.headers), self._limits[record.topic]
        if size <= most:
            return record
        fault = BadEvent("too_large", f"a record of {size} bytes for {record.topic}, which takes {most}: raise its max.message.bytes")
        log.error("a record is larger than its topic takes and becomes a dead letter", topic=record.topic, size=size, most=most)
        read = Record(record.topic, -1, -1, now_ms(), record.key, record.value, record.headers)
        return shortened(dead_letter(self._dead_letters, read, "send", fault, now_ms()), self._limits[self._dead_letters])

    async def close(self) -> None:
        """Send what is left and disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await asyncio.gather(*(lane.task for lane in self._busy if lane.task is not None))
            await producer.stop()


class _Lane:
    """Batches on their way to one partition: full ones, and behind them one that grows until the producer is free for it.

    Lanes keep partitions apart: sending waited for one partition's last batch once, while the batches of others stood behind it. A lane
    is in `busy` while it has batches.
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int, busy: set[_Lane]) -> None:
        self._producer, self._topic, self._partition, self._busy = producer, topic, partition, busy
        self._batches: deque[BatchBuilder] = deque()
        self._acknowledged: deque[asyncio.Future[Any]] = deque()
        self.task: asyncio.Task[None] | None = None

    @property
    def waiting_bytes(self) -> int:
        return sum(batch.size() for batch in self._batches)

    def extend(self, records: Sequence[Fields]) -> Sent:
        """Add records; returns the futures of the batches that they went into."""
        first = max(0, len(self._batches) - 1)
        fill(self._batches, records, self._producer.create_batch)
        while len(self._acknowledged) < len(self._batches):
            self._acknowledged.append(asyncio.get_running_loop().create_future())
        if self.task is None:
            self._busy.add(self)
            self.task = asyncio.create_task(self._run())
        return list(islice(self._acknowledged, first, None))

    async def _run(self) -> None:
        while self._batches:
            batch, future = self._batches.popleft(), self._acknowledged.popleft()
            try:
                acknowledged = await self._hand_over(batch)
            except Exception as exc:
                future.set_exception(exc)
            else:
                acknowledged.add_done_callback(partial(_copy, future))
        self.task = None
        self._busy.discard(self)

    async def _hand_over(self, batch: Any) -> asyncio.Future[Any]:
        # Returns when the producer takes the batch, that is when the one before is on its way.
        while True:
            try:
                acknowledged: asyncio.Future[Any] = await self._producer.send_batch(batch, self._topic, partition=self._partition)
                return acknowledged
            except KafkaTimeoutError:
                # The brokers are away and the batch was not taken. `stall_timeout_s` of the checkpoint ends this.
                continue


def _copy(future: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
    if future.done():
        return
    if done.cancelled():
        future.cancel()
    elif (exc := done.exception()) is not None:
        future.set_exception(exc)
    else:
        future.set_result(done.result())
