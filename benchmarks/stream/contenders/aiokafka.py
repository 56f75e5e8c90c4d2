"""aiokafka alone: a loop that reads, writes lists and changed rows in batches, keeps a dict, and guarantees nothing.

This is the ceiling: what the same reads and writes cost in Python when nothing is done to survive a fault.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Sequence

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import Row, answer, apply, decode_event, new_row, pack

POLL_MS = 200
POLL_RECORDS = 5000
FETCH_WAIT_MS = 50
BATCH_BYTES = 512 * 1024
CHANGELOG_S = 0.5
Pair = tuple[bytes, bytes]


class Loop:
    """Reads all partitions; changed rows go to the changelog twice a second, as the engine's do."""

    def __init__(self, job: Job, producer: AIOKafkaProducer) -> None:
        self._job, self._producer = job, producer
        self._rows: dict[bytes, Row] = {}
        self._dirty: dict[int, set[bytes]] = {partition: set() for partition in range(job.partitions)}

    async def run(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        """Work until stopped."""
        due = time.monotonic() + CHANGELOG_S
        while not stop.is_set():
            got = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            for place, records in got.items():
                await self._send(self._job.sink, place.partition, self._answers(records, self._dirty[place.partition]))
            if time.monotonic() >= due:
                due += CHANGELOG_S
                await self._save()
        await self._save()
        await self._producer.flush()

    def _answers(self, records: Sequence[ConsumerRecord[bytes, bytes]], dirty: set[bytes]) -> list[Pair]:
        rows, answers = self._rows, []
        for record in records:
            key, value = record.key, record.value
            assert key is not None
            assert value is not None
            event = decode_event(value)
            row = rows.get(key)
            if row is None:
                row = rows[key] = new_row()
            apply(row, event, record.partition, record.offset)
            dirty.add(key)
            answers.append((key, answer(row, event, record.topic, record.partition, record.offset)))
        return answers

    async def _save(self) -> None:
        for partition, keys in self._dirty.items():
            await self._send(self._job.changelog, partition, [(key, pack(self._rows[key])) for key in keys])
            keys.clear()

    async def _send(self, topic: str, partition: int, pairs: Sequence[Pair]) -> None:
        batch = self._producer.create_batch()
        for key, value in pairs:
            if batch.append(timestamp=None, key=key, value=value) is None:
                await self._producer.send_batch(batch, topic, partition=partition)
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        if batch.record_count():
            await self._producer.send_batch(batch, topic, partition=partition)


async def main(job: Job) -> None:
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer(
        job.source,
        bootstrap_servers=job.broker,
        group_id=job.group,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    producer = AIOKafkaProducer(bootstrap_servers=job.broker, acks=1, max_batch_size=BATCH_BYTES)
    await consumer.start()
    await producer.start()
    await Loop(job, producer).run(consumer, stop)
    await producer.stop()
    await consumer.stop()


if __name__ == "__main__":
    gc.disable()  # nothing here makes cycles, and looking for them among the rows took a sixth of the time
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(given()))
