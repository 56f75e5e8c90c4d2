"""Whether a contender did all its work: every event has its list, and every user's row counts every event once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.stream.traffic import PARTITIONS, Traffic
from benchmarks.stream.work import RankedList, decode_list, unpack
from streamrec.errors import StreamrecError

POLL_MS = 500
EMPTY_POLLS = 20


class WorkMissing(StreamrecError):
    """A contender did not do all of its work: its figures mean nothing; look at its log."""


ReadList = Callable[[bytes], RankedList]


async def check_lists(broker: str, sink: str, traffic: Traffic, read: ReadList = decode_list) -> None:
    """Require one list for each event, by its place, and for each user the numbers 1 to its count of events.

    Raises:
        WorkMissing: something is lacking, or too much.
    """
    places: set[tuple[int, int]] = set()
    seqs: Counter[str] = Counter()
    lists = 0
    async for records in everything(broker, sink):
        for record in records:
            made = read(record.value)
            _, partition, offset = made.list_id.rsplit("-", 2)
            places.add((int(partition), int(offset)))
            seqs[made.user_id] = max(seqs[made.user_id], made.seq)
            lists += 1
    wanted = {(partition, offset) for partition, count in traffic.events_of_partitions().items() for offset in range(count)}
    _require(places == wanted, f"{len(wanted - places)} events have no list")
    _require(lists == len(wanted), f"{lists} lists for {len(wanted)} events")
    _require(dict(seqs) == traffic.events_of_users(), "lists do not count the events of their users from 1 on")


async def check_rows(broker: str, changelog: str, traffic: Traffic) -> None:
    """Require that the last row of every user in a changelog counts its events.

    Raises:
        WorkMissing: a row is lacking, or counts something else.
    """
    found: dict[str, int] = {}
    async for records in everything(broker, changelog):
        for record in records:
            if (row := plain_row(record)) is not None:
                found[row[0]] = unpack(row[1]).seq
    truth = traffic.events_of_users()
    wrong = sum(found.get(user) != count for user, count in truth.items())
    _require(found == truth, f"{wrong} of {len(truth)} rows in {changelog} do not count the events of their users")


def plain_row(record: Any) -> tuple[str, bytes] | None:
    """User and packed row of a changelog record; the engine's own keys begin with a zero byte, Quix Streams appends a name to its keys."""
    key = record.key
    return None if key.startswith(b"\0") else (key.partition(b"|")[0].decode(), record.value)


async def everything(broker: str, topic: str) -> AsyncIterator[Sequence[Any]]:
    """All committed records of a topic, each partition in order.

    Raises:
        WorkMissing: the topic cannot be read to its end.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 << 20,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        end = await consumer.end_offsets(places)
        empty = 0
        while [place for place in places if await consumer.position(place) < end[place]]:
            got = await consumer.getmany(timeout_ms=POLL_MS, max_records=20_000)
            empty = 0 if got else empty + 1
            _require(empty < EMPTY_POLLS, f"{topic} cannot be read to its end")
            for records in got.values():
                yield records
                await asyncio.sleep(0)
    finally:
        await consumer.stop()


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise WorkMissing(what)
