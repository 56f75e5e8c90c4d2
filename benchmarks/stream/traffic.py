"""The events: how often each user comes, and the records that say so.

Users are as different as the customers of UCI Online Retail: each of them draws the number of purchases of one customer of
the two months that ship with streamrec as its weight, and every event is of a user drawn by these weights.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
from aiokafka import AIOKafkaProducer
from numpy.typing import NDArray

from benchmarks.stream.work import START_MS, Event, encode_event
from streamrec.events.files import read_lines
from streamrec.events.partitioner import murmur2
from streamrec.simulator.playback import SAMPLE_EVENTS

SKEW = "purchases per customer of UCI Online Retail, September and October 2011"
PARTITIONS = 8
BATCH_BYTES = 512 * 1024
CHANNELS = ("app", "web", "share", "push")
COUNTRIES = ("GB", "DE", "FR", "IE", "NL")
STEP_MS = 20
"""Event time between one event and the next."""


Record = tuple[int, bytes, bytes]
"""Partition, key and value."""


class _Purchase(msgspec.Struct):
    user_id: str
    item_id: str


class Traffic:
    """Events 0 … `count` - 1, the same ones for every contender; `users` holds the user's number of each."""

    def __init__(self, users: int, count: int, seed: int = 0, greet: bool = False) -> None:
        """With `greet`, every user comes once, in random order, before the skewed traffic begins; `count` does not count that."""
        dice = np.random.default_rng(seed)
        customers, self._item_weights = _sample()
        weights = np.cumsum(dice.choice(customers, users).astype(np.float64))
        drawn = np.searchsorted(weights, dice.random(count) * weights[-1], side="right")
        first = dice.permutation(users) if greet else np.empty(0, np.int64)
        self.greeted = len(first)
        self.users: NDArray[np.int64] = np.concatenate([first, drawn])
        items = np.cumsum(self._item_weights.astype(np.float64))
        self._items = np.searchsorted(items, dice.random(len(self.users)) * items[-1], side="right")
        self._dwell = dice.integers(500, 90_000, len(self.users))
        self.count = len(self.users)
        self.keys = [b"user-%07d" % number for number in range(users)]
        self._homes = _homes(users)

    def records(self, begin: int = 0, end: int | None = None) -> Iterator[Record]:
        """Each event as a record."""
        for number in range(begin, self.count if end is None else end):
            user, item = int(self.users[number]), int(self._items[number])
            event = Event(
                event_id=f"{number:010x}",
                user_id=f"user-{user:07}",
                item_id=f"item-{item:05}",
                room_id=f"room-{item % 40:03}",
                ts=START_MS + number * STEP_MS,
                dwell_ms=int(self._dwell[number]),
                channel=CHANNELS[number % len(CHANNELS)],
                country=COUNTRIES[user % len(COUNTRIES)],
            )
            yield int(self._homes[user]), self.keys[user], encode_event(event)

    def events_of_users(self) -> dict[str, int]:
        """The truth: how many events each user has."""
        counts = np.bincount(self.users)
        return {f"user-{user:07}": int(counts[user]) for user in np.flatnonzero(counts)}

    def events_of_partitions(self) -> dict[int, int]:
        """The truth: how many events lie in each partition."""
        counts = np.bincount(self._homes[self.users], minlength=PARTITIONS)
        return {partition: int(count) for partition, count in enumerate(counts)}


class Sent(NamedTuple):
    """A record batch on its way: its acknowledgement, which names the first offset, and how many records it has."""

    partition: int
    done: asyncio.Future[Any]
    records: int


async def send(producer: AIOKafkaProducer, topic: str, records: Iterable[Record]) -> list[Sent]:
    """Send records as batches, one open at a time per partition; each leaves when it is full or all have been given."""
    batches: dict[int, Any] = {}
    sent: list[Sent] = []

    async def leave(partition: int) -> None:
        batch = batches.pop(partition)
        count = batch.record_count()
        sent.append(Sent(partition, await producer.send_batch(batch, topic, partition=partition), count))

    for partition, key, value in records:
        batch = batches.get(partition) or batches.setdefault(partition, producer.create_batch())
        if batch.append(timestamp=None, key=key, value=value) is None:
            await leave(partition)
            batch = batches[partition] = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)
    for partition in list(batches):
        await leave(partition)
    return sent


async def preload(broker: str, topic: str, records: Iterable[Record]) -> None:
    """Put records into a topic."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES)
    await producer.start()
    try:
        await asyncio.gather(*(one.done for one in await send(producer, topic, records)))
    finally:
        await producer.stop()


@cache
def _sample() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Purchases per customer and per item."""
    decode = msgspec.json.Decoder(_Purchase).decode
    purchases = [decode(line) for _, line in read_lines(SAMPLE_EVENTS)]
    customers, items = Counter(one.user_id for one in purchases), Counter(one.item_id for one in purchases)
    return np.array(sorted(customers.values())), np.array(sorted(items.values()))


@cache
def _homes(users: int) -> NDArray[np.int64]:
    """The partition of each user."""
    return np.array([(murmur2(b"user-%07d" % number) & 0x7FFFFFFF) % PARTITIONS for number in range(users)])
