"""What leaves the worker: record batches through one idempotent producer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from streamrec.events.partitioner import partition_of
from streamrec.events.records import Outbound
from streamrec.settings import Settings
from streamrec.stream import clients

BATCH_BYTES = 512 * 1024
WAITING_BYTES = 32 * 1024 * 1024
"""Beyond this, whoever sends waits: then Kafka is slower than the worker."""

Sent = list[asyncio.Future[Any]]
"""Futures that are done when the broker has acknowledged."""


class Outbox:
    """The worker's producer of everything but the changelogs; records leave at once, in the order given.

    One batch of each partition is with the producer; what comes meanwhile becomes the next one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._partitions: dict[str, int] = {}

    async def open(self) -> None:
        """Connect."""
        self._producer = AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            **clients.aiokafka(self._settings),
        )
        await self._producer.start()

    async def send(self, records: Sequence[Outbound]) -> Sent:
        """Send records; await what is returned before a checkpoint covers them.

        A record larger than a batch goes out in one of its own.
        """
        producer = self._producer
        assert producer is not None
        sent: dict[int, asyncio.Future[Any]] = {}
        for record in records:
            where = record.topic, await self._partition(producer, record)
            lane = self._lanes.get(where) or self._lanes.setdefault(where, _Lane(producer, *where))
            future = lane.append(record)
            sent[id(future)] = future
        while sum(lane.waiting_bytes for lane in self._lanes.values()) > WAITING_BYTES:
            await asyncio.wait([lane.task for lane in self._lanes.values() if lane.task is not None], return_when=asyncio.FIRST_COMPLETED)
        return list(sent.values())

    async def close(self) -> None:
        """Send what is left and disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await asyncio.gather(*(lane.task for lane in self._lanes.values() if lane.task is not None))
            await producer.stop()

    async def _partition(self, producer: AIOKafkaProducer, record: Outbound) -> int:
        if record.partition is not None:
            return record.partition
        count = self._partitions.get(record.topic)
        if count is None:
            count = self._partitions[record.topic] = len(await producer.partitions_for(record.topic))
        return partition_of(record.key or b"", count)


class _Lane:
    """Batches on their way to one partition: an open one that grows until the producer is free for it, after full ones."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer, self._topic, self._partition = producer, topic, partition
        self._batches: deque[tuple[Any, asyncio.Future[Any]]] = deque()
        self.task: asyncio.Task[None] | None = None

    @property
    def waiting_bytes(self) -> int:
        return sum(batch.size() for batch, _ in self._batches)

    def append(self, record: Outbound) -> asyncio.Future[Any]:
        """Add a record; the future belongs to the batch that it is in."""
        headers = list(record.headers)
        if self._batches:
            batch, future = self._batches[-1]
            if batch.append(timestamp=None, key=record.key, value=record.value, headers=headers) is not None:
                return future
        batch, future = self._producer.create_batch(), asyncio.get_running_loop().create_future()
        batch.append(timestamp=None, key=record.key, value=record.value, headers=headers)
        self._batches.append((batch, future))
        if self.task is None:
            self.task = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._batches:
            batch, future = self._batches.popleft()
            try:
                acknowledged = await self._hand_over(batch)
            except Exception as exc:
                future.set_exception(exc)
            else:
                acknowledged.add_done_callback(partial(_copy, future))
        self.task = None

    async def _hand_over(self, batch: Any) -> asyncio.Future[Any]:
        # Returns when the producer takes the batch, that is when the one before is on its way.
        while True:
            try:
                acknowledged: asyncio.Future[Any] = await self._producer.send_batch(batch, self._topic, partition=self._partition)
                return acknowledged
            except KafkaTimeoutError:
                continue  # the brokers are away, the batch was not taken; the checkpoint's patience ends this


def _copy(future: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
    if future.done():
        return
    if done.cancelled():
        future.cancel()
    elif (exc := done.exception()) is not None:
        future.set_exception(exc)
    else:
        future.set_result(done.result())
