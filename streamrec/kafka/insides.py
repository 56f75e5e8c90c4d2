"""What we read and set inside aiokafka's consumers; nothing else touches their private attributes.

aiokafka has no public way to ask for any of this. `PINNED` is the code that has these attributes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer import fetcher, subscription_state
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from streamrec.kafka.pinned import AIOKAFKA, Pinned

PINNED = (
    Pinned(AIOKAFKA, (AIOKafkaConsumer.__init__, AIOKafkaConsumer.start, AIOKafkaConsumer.getmany), "f1278967d841c64f"),
    Pinned(AIOKAFKA, (fetcher.Fetcher.__init__, fetcher.Fetcher._create_fetch_waiter, fetcher.FetchResult), "af007746425438ec"),
    Pinned(AIOKAFKA, (subscription_state.Assignment, subscription_state.TopicPartitionState), "ddd71e88c138493c"),
    Pinned(AIOKAFKA, (GroupCoordinator.check_errors, GroupCoordinator.request_rejoin), "96b0afa4d0212f3e"),
    Pinned(
        AIOKAFKA, (AIOKafkaClient.set_topics, AIOKafkaClient.force_metadata_update, AIOKafkaClient._wait_on_metadata), "7517131101601762"
    ),
)


def state_of(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Any | None:
    """What the consumer knows of a partition (position, high-water mark, last answer), if it is assigned. Safe on any thread."""
    subscription = consumer._subscription.subscription
    assignment = subscription.assignment if subscription else None
    return assignment.state_value(partition) if assignment else None


def last_answer(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> float | None:
    """When (monotonic clock) the partition that has waited longest had its last answer to a fetch; None before each has had one.

    Safe on any thread.
    """
    # That a poll returns says nothing: without a broker it returns as well.
    states = [state_of(consumer, partition) for partition in partitions]
    answers_ms: list[int | None] = [state.timestamp for state in states if state is not None]
    known_ms = [answer for answer in answers_ms if answer is not None]
    if not known_ms or len(known_ms) < len(answers_ms):
        return None
    return time.monotonic() - max(0.0, time.time() - min(known_ms) / 1000)


def read_whole_transactions(consumer: AIOKafkaConsumer, fetch_max_wait_ms: int) -> None:
    """Before the consumer starts: read only what is committed, wait no longer for news. Faust has values of its own in its code."""
    consumer._fetch_max_wait_ms = fetch_max_wait_ms
    consumer._isolation_level = "read_committed"


def assign_by_range(consumer: AIOKafkaConsumer) -> None:
    """Before it starts: equal partition numbers of all topics go to one member. Round robin, Faust's choice, may part them."""
    consumer._partition_assignment_strategy = (RangePartitionAssignor,)


def request_rejoin(consumer: AIOKafkaConsumer) -> None:
    """Have the group decide again whose the partitions are."""
    consumer._coordinator.request_rejoin()


def wait_for_buffer(consumer: AIOKafkaConsumer, seconds: float) -> None:
    """For so long fetched records may lie untaken before the next fetch leaves their partition out."""
    consumer._fetcher._prefetch_backoff = seconds


def raise_faults(consumer: AIOKafkaConsumer) -> None:
    """Raise what a task of aiokafka has died of: nobody else looks."""
    consumer._coordinator.check_errors()
    fault = consumer._fetcher.error_future
    if fault.done():
        fault.result()


def fetch_waiter(consumer: AIOKafkaConsumer) -> asyncio.Future[None]:
    """Is done once something has been fetched, or at the next `wake`."""
    waiter: asyncio.Future[None] = consumer._fetcher._create_fetch_waiter()
    return waiter


def wake(consumer: AIOKafkaConsumer) -> None:
    """Let whoever waits for fetches look again; on the consumer's loop."""
    for waiter in list(consumer._fetcher._fetch_waiters):
        if not waiter.done():
            waiter.set_result(None)


async def know_topics(consumer: AIOKafkaConsumer, topics: Collection[str]) -> None:
    """Learn of topics at once: asked about one after the other, aiokafka takes 0.1 s for each that it does not know."""
    await consumer._client.set_topics(set(topics))


async def partitions_now(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """The partitions that a topic has now; `partitions_for_topic` alone knows only what the consumer already follows."""
    await consumer._client.force_metadata_update()
    return set(consumer.partitions_for_topic(topic) or await consumer._client._wait_on_metadata(topic) or ())
