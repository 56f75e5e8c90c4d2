"""Broadcast topics: small ones that every worker reads whole and then follows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from streamrec.contract.pieces import Follower
from streamrec.contract.records import Inbound, place
from streamrec.engine.quarantine import is_fatal
from streamrec.errors import BadEvent
from streamrec.kafka import insides
from streamrec.kafka.consumers import whole_reader
from streamrec.settings import Settings
from streamrec.system.core import Core

log = structlog.get_logger(__name__)

CHUNK = 256
"""Records that are applied in one call: batches of events wait for the core thread meanwhile, and a new model is swapped in between two."""
FETCH_RECORDS = 2000
POLL_MS = 200
"""For so long a poll waits for news. It is also how soon `between` is called again when nothing comes."""
NEW_PARTITIONS_S = 30.0
"""How often the topics are looked at for partitions that operators have added; nobody waits for those."""


class Broadcast:
    """Reads topics from their beginning and follows them, without a group; applies their committed records on the core thread.

    `caught_up` is set once all has been applied that was there at the start. Tombstones are passed on.
    """

    def __init__(self, settings: Settings, follower: Follower, core: Core) -> None:
        self._settings = settings
        self._follower = follower
        self._core = core
        self._assigned: list[TopicPartition] = []
        self._targets: dict[TopicPartition, int] = {}
        self.caught_up = asyncio.Event()

    def behind(self) -> list[str]:
        """The topics of which not all has been applied that was there at the start."""
        return sorted({target.topic for target in self._targets} or self._follower.topics)

    async def run(self) -> None:
        """Read until cancelled."""
        if not self._follower.topics:
            self.caught_up.set()
            return
        consumer = whole_reader(self._settings)
        await consumer.start()
        try:
            await self._assign(consumer)
            self._targets = dict(await consumer.end_offsets(self._assigned))
            looked = time.monotonic()
            while True:
                await self._poll(consumer)
                if not self.caught_up.is_set():
                    await self._look_whether_caught_up(consumer)
                if time.monotonic() - looked > NEW_PARTITIONS_S:
                    await self._assign(consumer)
                    looked = time.monotonic()
        finally:
            await consumer.stop()

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        got = await consumer.getmany(timeout_ms=POLL_MS, max_records=FETCH_RECORDS)
        for partition, records in got.items():
            for begin in range(0, len(records), CHUNK):
                await self._core.run(self._apply, partition.topic, records[begin : begin + CHUNK])
        await self._core.run(self._follower.between)
        heard = insides.last_answer(consumer, self._assigned)
        if heard is not None:
            self._follower.polled(heard)

    def _apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Apply records; where that raises, one by one and without the one at fault. They are states, and do no harm when repeated."""
        try:
            self._follower.apply(topic, records)
        except Exception as fault:
            if is_fatal(fault):
                raise
            if len(records) > 1:
                for record in records:
                    self._apply(topic, [record])
                return
            log.error("a record on which the catalogue raises becomes a dead letter", exc_info=fault, **place(records[0]))
            self._follower.reject(records[0], BadEvent("failed", f"{type(fault).__name__} while the record was applied"))

    async def _assign(self, consumer: AIOKafkaConsumer) -> None:
        """Take all partitions that there are, new ones from their beginning."""
        numbers = {topic: await insides.partitions_now(consumer, topic) for topic in self._follower.topics}
        partitions = [TopicPartition(topic, number) for topic in numbers for number in sorted(numbers[topic])]
        if partitions != self._assigned:
            positions: Mapping[TopicPartition, int] = {known: await consumer.position(known) for known in self._assigned}
            first = await consumer.beginning_offsets(partitions)
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, positions.get(partition, first[partition]))
            self._assigned = partitions

    async def _look_whether_caught_up(self, consumer: AIOKafkaConsumer) -> None:
        self._targets = {partition: end for partition, end in self._targets.items() if await consumer.position(partition) < end}
        if not self._targets:
            self.caught_up.set()
