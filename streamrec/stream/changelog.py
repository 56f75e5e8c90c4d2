"""The changelog of one partition: the only truth, written one transaction per checkpoint by one fenced producer."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaProducer

from streamrec.settings import Settings
from streamrec.stream import clients
from streamrec.stream.mark import MARK
from streamrec.stream.table import Packed

BATCH_BYTES = 512 * 1024
TRANSACTION_TIMEOUT_MS = 60_000
CLOSE_S = 5.0


class Changelog:
    """One partition of a changelog topic. The transactional id names family and partition, so opening it fences every older owner."""

    def __init__(self, settings: Settings, family: str, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self._id = f"{settings.app_id}-{family}-{partition}"
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Fence older owners and abort what they left open."""
        self._producer = AIOKafkaProducer(
            transactional_id=self._id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES,
            **clients.aiokafka(self._settings),
        )
        await self._producer.start()

    async def commit(self, rows: Packed, mark: bytes) -> int:
        """Write rows and mark in one transaction; returns the position after them.

        Raises:
            ProducerFenced: another worker has opened the partition since.
        """
        producer = self._producer
        assert producer is not None
        await producer.begin_transaction()
        sent: list[asyncio.Future[object]] = []
        batch = producer.create_batch()
        for key, value in [*rows, (MARK, mark)]:
            if batch.append(timestamp=None, key=key, value=value) is None:
                sent.append(await producer.send_batch(batch, self.topic, partition=self.partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        count: int = batch.record_count()
        last = await producer.send_batch(batch, self.topic, partition=self.partition)
        await asyncio.gather(*sent)
        base = int((await last).offset)
        await producer.commit_transaction()
        return base + count

    async def close(self) -> None:
        """Close the producer, without insisting; an open transaction is aborted when the partition is next opened."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await asyncio.wait([asyncio.create_task(producer.stop())], timeout=CLOSE_S)
