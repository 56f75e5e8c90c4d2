"""What may be found in the source topics: transactions, tombstones, gaps, topics that were made again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from streamrec.engine import exits
from streamrec.kafka import clients, topics
from streamrec.settings import Settings
from tests.engine.support import Shop, Worker, applied, lists, records, rows, until

pytestmark = pytest.mark.kafka
Make = Callable[..., Worker]


async def _in_transactions(settings: Settings, key: bytes, plan: list[tuple[list[bytes], bool]]) -> None:
    producer = AIOKafkaProducer(transactional_id=f"{settings.app_id}-upstream", **clients.aiokafka(settings))
    await producer.start()
    for values, committed in plan:
        await producer.begin_transaction()
        for value in values:
            await (await producer.send(settings.topic("views"), key=key, value=value))
        await (producer.commit_transaction() if committed else producer.abort_transaction())
    await producer.stop()


async def _compressed(settings: Settings, kind: str) -> None:
    async with AIOKafkaProducer(compression_type=kind, **clients.aiokafka(settings)) as producer:
        await producer.send_and_wait(settings.topic("views"), key=kind.encode(), value=b'{"amount": 1}')


def test_events_are_read_however_their_producer_compresses_them(settings: Settings, worker: Make) -> None:
    one = worker().start().ready()
    kinds = ("gzip", "snappy", "lz4", "zstd")
    for kind in kinds:
        asyncio.run(_compressed(settings, kind))
    until(lambda: rows(settings) == {kind.encode(): (1, 1) for kind in kinds}, "all four events")
    assert one.stop() == 0


def _commits_at_the_end(settings: Settings) -> bool:
    consumer = KafkaConsumer(bootstrap_servers=settings.broker, group_id=settings.app_id, enable_auto_commit=False)
    partitions = [TopicPartition(settings.topic("views"), number) for number in range(settings.partitions)]
    end = consumer.end_offsets(partitions)
    found = all((consumer.committed(partition) or 0) == end[partition] for partition in partitions)
    consumer.close()
    return found


def test_transactions_upstream_are_no_gaps_and_aborted_records_do_not_count(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    event = b'{"amount": 1}'
    asyncio.run(_in_transactions(settings, b"ann", [([event] * 3, True), ([event] * 5, False), ([event], True), ([event] * 2, False)]))
    until(lambda: rows(settings).get(b"ann") == (4, 4), "the committed events")
    until(lambda: _commits_at_the_end(settings), "commits at the end, past the last marker")
    assert "streamrec_gaps_total 0.0" in one.get("/metrics")[1].splitlines()
    one.kill()
    one.start().ready()
    asyncio.run(_in_transactions(settings, b"ann", [([event], False), ([event], True)]))
    until(lambda: rows(settings).get(b"ann") == (5, 5), "events after the restart")
    assert len(lists(settings)) == 5
    assert one.stop() == 0


def test_a_deleted_row_is_gone_from_changelog_and_every_disk(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(100, users=5)
    until(lambda: applied(settings, shop), "all events")
    shop.raw("erasures", b"user-2", b"{}")
    until(lambda: b"user-2" not in rows(settings), "the deletion")
    assert [record.value for record in records(settings, "user-changelog") if record.key == b"user-2"][-1] is None
    shop.raw("views", b"user-2", b'{"amount": 7}')
    until(lambda: rows(settings).get(b"user-2") == (1, 7), "a new row")
    shop.raw("erasures", b"user-2", b"{}")
    until(lambda: b"user-2" not in rows(settings), "the second deletion")
    one.kill()
    shutil.rmtree(one.folder)
    one.start().ready()
    shop.raw("views", b"user-2", b'{"amount": 9}')
    until(lambda: rows(settings).get(b"user-2") == (1, 9), "a new row once more")
    assert one.stop() == 0


def test_an_empty_changelog_of_a_group_that_has_read_stops_the_worker(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker().start().ready()
    shop.send(10)
    until(lambda: applied(settings, shop), "all events")
    assert one.stop() == 0
    client = KafkaAdminClient(bootstrap_servers=settings.broker)
    client.delete_topics([settings.topic("user-changelog")])
    client.close()
    until(lambda: any(report.state == "missing" for report in topics.describe(settings)), "the deletion")
    shutil.rmtree(one.folder)
    assert one.start().exit_code() == exits.STATE
    assert "STREAMREC_APP_ID" in one.errors()[-1]["event"]


def test_events_that_retention_removed_unread_stop_the_worker(settings: Settings, shop: Shop, worker: Make) -> None:
    one = worker(STREAMREC_POLL_RECORDS="50").start().ready()
    shop.raw("views", b"user-1", b'{"amount": 1, "sleep": 12}')
    shop.producer.flush()
    until(lambda: "asleep" in one.log.read_text(), "a busy processor")
    shop.send(1000, pad="x" * 10_000)  # more than the worker reads ahead
    client = KafkaAdminClient(bootstrap_servers=settings.broker)
    client.delete_records({TopicPartition(settings.topic("views"), number): 400 for number in range(settings.partitions)})
    client.close()
    assert one.exit_code() == exits.STATE
    assert "retention" in one.errors()[-1]["event"]
