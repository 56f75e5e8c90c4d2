"""Broadcast topics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from streamrec.contract.idle import Idle
from streamrec.contract.records import Inbound, Record
from streamrec.engine import broadcast
from streamrec.engine.broadcast import Broadcast
from streamrec.errors import BadEvent
from streamrec.kafka import clients
from streamrec.settings import Settings
from streamrec.system.core import Core
from tests.engine.support import records, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka


class Catalogue(Idle):
    """Remembers what was applied, and how, and what was rejected."""

    def __init__(self, settings: Settings) -> None:
        self.topics = (settings.topic("item-stats"),)
        self.rejected: list[tuple[bytes | None, str]] = []
        self.values: dict[bytes, bytes | None] = {}
        self.chunks: list[int] = []
        self.polls: list[float] = []

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        self.chunks.append(len(records))
        for record in records:
            assert record.key is not None
            self.values[record.key] = record.value

    def polled(self, moment: float) -> None:
        self.polls.append(moment)

    def reject(self, record: Inbound, error: BadEvent) -> None:
        self.rejected.append((record.key, error.reason))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for happens on another thread
            await asyncio.sleep(0.02)


Test = Callable[[Catalogue, Broadcast, AIOKafkaProducer], Coroutine[Any, Any, None]]


def follow(settings: Settings, test: Test, before: int = 0) -> None:
    async def run() -> None:
        catalogue, core = Catalogue(settings), Core()
        producer = AIOKafkaProducer(transactional_id=f"{settings.app_id}-items", **clients.aiokafka(settings))
        await producer.start()
        if before:
            async with producer.transaction():
                for number in range(before):
                    await producer.send(settings.topic("item-stats"), key=b"item-%d" % number, value=b"first")
            # The broker tells its partitions of a commit after it has answered.
            await asyncio.to_thread(until, lambda: len(records(settings, "item-stats")) == before, "the records that were there before")
        follower = Broadcast(settings, catalogue, core)
        following, testing = asyncio.create_task(follower.run()), asyncio.create_task(test(catalogue, follower, producer))
        try:
            await asyncio.wait([following, testing], return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
            await testing
        finally:
            following.cancel()
            await asyncio.wait([following])
            await producer.stop()
            core.stop()

    asyncio.run(run())


def test_all_that_was_there_is_applied_in_chunks_before_it_counts_as_caught_up(settings: Settings) -> None:
    async def test(catalogue: Catalogue, follower: Broadcast, producer: AIOKafkaProducer) -> None:
        assert follower.behind() == [settings.topic("item-stats")]
        await asyncio.wait_for(follower.caught_up.wait(), PATIENCE_S)
        assert len(catalogue.values) == 1000
        assert max(catalogue.chunks) <= broadcast.CHUNK
        assert catalogue.polls

    follow(settings, test, before=1000)


def test_aborted_records_are_not_seen_and_tombstones_are(settings: Settings) -> None:
    topic = settings.topic("item-stats")

    async def test(catalogue: Catalogue, follower: Broadcast, producer: AIOKafkaProducer) -> None:
        await producer.begin_transaction()
        await (await producer.send(topic, key=b"item-1", value=b"aborted"))
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send(topic, key=b"item-0", value=None)
            await producer.send(topic, key=b"item-2", value=b"second")
        await eventually(lambda: catalogue.values == {b"item-0": None, b"item-1": b"first", b"item-2": b"second"})

    follow(settings, test, before=3)


def test_partitions_that_are_added_later_are_read_and_the_others_not_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "NEW_PARTITIONS_S", 0.1)
    topic = settings.topic("item-stats")

    async def test(catalogue: Catalogue, follower: Broadcast, producer: AIOKafkaProducer) -> None:
        await asyncio.wait_for(follower.caught_up.wait(), PATIENCE_S)
        read = sum(catalogue.chunks)
        client = KafkaAdminClient(bootstrap_servers=settings.broker)
        client.create_partitions({topic: settings.partitions + 1})
        client.close()
        while settings.partitions not in (producer.client.cluster.partitions_for_topic(topic) or ()):
            await producer.client.force_metadata_update()
        async with producer.transaction():
            await producer.send(topic, key=b"new", value=b"first", partition=settings.partitions)
        await eventually(lambda: b"new" in catalogue.values)
        assert sum(catalogue.chunks) == read + 1

    follow(settings, test, before=10)


def test_no_topics_is_caught_up_at_once(settings: Settings) -> None:
    async def run() -> None:
        core = Core()
        follower = Broadcast(settings, Idle(), core)
        await follower.run()
        assert follower.caught_up.is_set()
        core.stop()

    asyncio.run(run())


def test_a_record_on_which_the_catalogue_raises_is_rejected_and_the_others_are_applied(settings: Settings) -> None:
    class Picky(Catalogue):
        def apply(self, topic: str, records: Sequence[Inbound]) -> None:
            if any(record.key == b"item-3" for record in records):
                raise RuntimeError("three")
            super().apply(topic, records)

    catalogue, core = Picky(settings), Core()
    name = settings.topic("item-stats")
    records = [Record(name, 0, number, 0, b"item-%d" % number, b"first", ()) for number in range(6)]
    Broadcast(settings, catalogue, core)._apply(name, records)
    core.stop()
    assert catalogue.values.keys() == {b"item-0", b"item-1", b"item-2", b"item-4", b"item-5"}
    assert catalogue.rejected == [(b"item-3", "failed")]
