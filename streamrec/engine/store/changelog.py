"""The changelog of one partition: the only truth, written one transaction per checkpoint by one fenced producer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder

from streamrec.contract.records import Outbound
from streamrec.engine.store.mark import MARK
from streamrec.kafka import producers
from streamrec.kafka.batches import NO_HEADERS, Fields, by_destination, fill
from streamrec.settings import Settings

Pairs = Iterable[tuple[bytes, bytes | None]]
"""Keys and packed rows; None is a deleted row."""
CLOSE_S = 5.0
"""A producer whose broker is away would wait for ever. Nothing is lost without it: what it leaves open is aborted at the next opening."""


class Changelog:
    """One partition of a changelog topic. The transactional id names family and partition, so opening it fences every older owner."""

    def __init__(self, settings: Settings, family: str, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self._name = f"{family}-{partition}"
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Fence older owners and abort what they left open."""
        self._producer = producers.transactional(self._settings, self._name)
        await self._producer.start()

    async def commit(self, rows: Pairs, mark: bytes, more: Sequence[Outbound] = ()) -> int:
        """Write rows and mark, and records of other topics, in one transaction; returns the changelog's position after them.

        Raises:
            ProducerFenced: another worker has opened the partition since.
        """
        producer = self._producer
        assert producer is not None
        places = by_destination(more, lambda _: self._settings.partitions)
        try:
            await producer.begin_transaction()
            sent = [future for place, records in places.items() for future, _ in await self._write(producer, *place, records)]
            state = ((key, value, NO_HEADERS) for key, value in chain(rows, [(MARK, mark)]))
            *others, (last, count) = await self._write(producer, self.topic, self.partition, state)
            await asyncio.gather(*sent, *(future for future, _ in others))
            # Behind this, Kafka adds the marker of the commit, which is passed over when the changelog is read on from here.
            base = int((await last).offset)
            await producer.commit_transaction()
        except IllegalOperation as exc:
            # What aiokafka says when it learned of the fence between two calls.
            raise ProducerFenced() from exc
        return base + count

    async def _write(
        self, producer: AIOKafkaProducer, topic: str, partition: int, records: Iterable[Fields]
    ) -> list[tuple[asyncio.Future[Any], int]]:
        """Send records in batches; returns a future and the number of records of each."""
        batches: list[BatchBuilder] = []
        fill(batches, records, producer.create_batch)
        return [(await producer.send_batch(batch, topic, partition=partition), batch.record_count()) for batch in batches]

    async def close(self) -> None:
        """Close the producer, but do not insist: an open transaction is aborted when the partition is next opened."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await asyncio.wait([asyncio.create_task(producer.stop())], timeout=CLOSE_S)
