"""Record batches as no Python producer makes them: names of headers that are not UTF-8, values that unpack to far more than they take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from streamrec.events.partitioner import partition_of
from streamrec.kafka import clients, topics
from streamrec.settings import Settings

CODECS = {None: 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


class Name(str):
    """The name of a header, byte for byte."""

    raw: bytes

    def __new__(cls, raw: bytes) -> Name:
        made = str.__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    def encode(self, *_: object) -> bytes:
        return self.raw


class Raw(NamedTuple):
    """A record."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[bytes, bytes | None]] = ()


def builder(codec: str | None) -> _DefaultRecordBatchBuilderPy:
    """An empty batch without a bound."""
    return _DefaultRecordBatchBuilderPy(2, CODECS[codec], 0, -1, -1, 0, 1 << 31)


def fill(batch: _DefaultRecordBatchBuilderPy, records: Sequence[Raw]) -> None:
    for offset, (key, value, headers) in enumerate(records):
        assert batch.append(offset, None, key, value, [(Name(name), content) for name, content in headers]) is not None


def batch_of(records: Sequence[Raw], codec: str | None = None) -> bytes:
    """The batch as it lies in Kafka."""
    made = builder(codec)
    fill(made, records)
    return bytes(made.build())


def send(settings: Settings, topic: str, records: Sequence[Raw], codec: str | None = None, partition: int | None = None) -> int:
    """Send records as one batch, to a partition or to that of the first key; the offset of the first."""

    async def main() -> int:
        producer = AIOKafkaProducer(max_request_size=1 << 28, max_batch_size=1 << 27, **clients.aiokafka(settings))
        await producer.start()
        try:
            batch = producer.create_batch()
            batch._builder = builder(codec)
            fill(batch._builder, records)
            batch._relative_offset = len(records)
            batch.close()
            count = topics.partitions_of(topics.TOPICS[topic], settings)
            where = partition_of(records[0].key or b"", count) if partition is None else partition
            done = await (await producer.send_batch(batch, settings.topic(topic), partition=where))
            return int(done.offset)
        finally:
            await producer.stop()

    return asyncio.run(main())
