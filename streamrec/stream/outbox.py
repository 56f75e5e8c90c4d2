"""What leaves the worker: record batches through one idempotent producer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from streamrec.events.partitioner import partition_of
from streamrec.events.records import Outbound
from streamrec.settings import Settings
from streamrec.stream import clients

BATCH_BYTES = 512 * 1024

Sent = list[asyncio.Future[Any]]
"""Futures that are done when the broker has acknowledged."""


class Outbox:
    """The worker's producer of everything but the changelogs; records leave at once, in the order given."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
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
        """Send records, grouped by partition; await what is returned before a checkpoint covers them.

        A record larger than a batch goes out in one of its own.
        """
        producer = self._producer
        assert producer is not None
        open_batches: dict[tuple[str, int], Any] = {}
        sent: Sent = []
        for record in records:
            where = record.topic, await self._partition(producer, record)
            batch = open_batches.get(where) or open_batches.setdefault(where, producer.create_batch())
            headers = list(record.headers)
            if batch.append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
                sent.append(await producer.send_batch(batch, record.topic, partition=where[1]))
                batch = open_batches[where] = producer.create_batch()
                batch.append(timestamp=None, key=record.key, value=record.value, headers=headers)
        for (topic, partition), batch in open_batches.items():
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        return sent

    async def close(self) -> None:
        """Send what is left and disconnect."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await producer.stop()

    async def _partition(self, producer: AIOKafkaProducer, record: Outbound) -> int:
        if record.partition is not None:
            return record.partition
        count = self._partitions.get(record.topic)
        if count is None:
            count = self._partitions[record.topic] = len(await producer.partitions_for(record.topic))
        return partition_of(record.key or b"", count)
