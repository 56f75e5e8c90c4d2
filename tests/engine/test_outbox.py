"""What leaves the worker."""

from __future__ import annotations

import asyncio

import pytest

from streamrec.contract.records import Outbound
from streamrec.engine.outbox import Outbox
from streamrec.events.partitioner import partition_of
from streamrec.kafka.producers import BATCH_BYTES
from streamrec.settings import Settings
from tests.engine.support import records

pytestmark = pytest.mark.kafka


def _send(settings: Settings, outgoing: list[Outbound]) -> None:
    async def run() -> None:
        outbox = Outbox(settings)
        await outbox.open()
        await asyncio.gather(*await outbox.send(outgoing))
        await outbox.close()

    asyncio.run(run())


def test_records_go_where_their_key_says_in_the_order_given(settings: Settings) -> None:
    topic = settings.topic("recommendations")
    outgoing = [Outbound(topic, b"user-%d" % (number % 7), b"%d" % number, [("ce_id", b"%d" % number)]) for number in range(300)]
    _send(settings, outgoing)
    found = records(settings, "recommendations")
    assert len(found) == 300
    assert all(record.partition == partition_of(record.key, settings.partitions) for record in found)
    assert all(record.headers == [("ce_id", record.value)] for record in found)
    for partition in range(settings.partitions):
        values = [int(record.value) for record in found if record.partition == partition]
        assert values == sorted(values)


def test_a_named_partition_wins_and_keyless_records_leave_too(settings: Settings) -> None:
    topic = settings.topic("dead-letters")
    _send(settings, [Outbound(topic, b"user-1", b"a", (), number) for number in range(2)] + [Outbound(topic, None, b"b")])
    assert sorted((record.partition, record.value) for record in records(settings, "dead-letters") if record.key) == [(0, b"a"), (1, b"a")]
    assert [record.value for record in records(settings, "dead-letters") if record.key is None] == [b"b"]


def test_records_larger_than_a_batch_leave_with_the_others(settings: Settings) -> None:
    topic = settings.topic("dead-letters")
    values = [b"small", b"x" * (3 * BATCH_BYTES), b"small again", b"y" * BATCH_BYTES]
    _send(settings, [Outbound(topic, b"one key", value) for value in values])
    assert [record.value for record in records(settings, "dead-letters")] == values


def test_tombstones_leave_as_tombstones(settings: Settings) -> None:
    _send(settings, [Outbound(settings.topic("item-stats"), b"item", None)])
    assert [(record.key, record.value) for record in records(settings, "item-stats")] == [(b"item", None)]
