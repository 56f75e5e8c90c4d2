"""The changelog of one partition: the only truth, written one transaction per checkpoint by one fenced producer."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, ProducerFenced

from streamrec.events.partitioner import partition_of
from streamrec.events.records import Outbound
from streamrec.settings import Settings
from streamrec.stream import clients
from streamrec.stream.mark import MARK
from streamrec.stream.table import Packed

Record = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
NO_HEADERS: list[tuple[str, bytes]] = []
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

    async def commit(self, rows: Packed, mark: bytes, more: Sequence[Outbound] = ()) -> int:
        """Write rows and mark, and records of other topics, in one transaction; returns the changelog's position after them.

        Raises:
            ProducerFenced: another worker has opened the partition since.
        """
        producer = self._producer
        assert producer is not None
        places: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in more:
            partition = record.partition if record.partition is not None else partition_of(record.key or b"", self._settings.partitions)
            places[record.topic, partition].append((record.key, record.value, list(record.headers)))
        try:
            await producer.begin_transaction()
            sent = [future for place, records in places.items() for future, _ in await self._write(producer, *place, records)]
            state = ((key, value, NO_HEADERS) for key, value in [*rows, (MARK, mark)])
            *others, (last, count) = await self._write(producer, self.topic, self.partition, state)
            await asyncio.gather(*sent, *(future for future, _ in others))
            base = int((await last).offset)
            await producer.commit_transaction()
        except IllegalOperation as exc:
            # What aiokafka says when it learned of the fence between two calls.
            raise ProducerFenced() from exc
        return base + count

    async def _write(
        self, producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Record]
    ) -> list[tuple[asyncio.Future[Any], int]]:
        """Send records in batches; each with the number of its records."""
        batches = [producer.create_batch()]
        for key, value, headers in records:
            if batches[-1].append(timestamp=None, key=key, value=value, headers=headers) is None:
                batches.append(producer.create_batch())
                batches[-1].append(timestamp=None, key=key, value=value, headers=headers)
        return [(await producer.send_batch(batch, topic, partition=partition), batch.record_count()) for batch in batches]

    async def close(self) -> None:
        """Close the producer, without insisting; an open transaction is aborted when the partition is next opened."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await asyncio.wait([asyncio.create_task(producer.stop())], timeout=CLOSE_S)
