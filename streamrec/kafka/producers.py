"""Producers: those of workers and learner (aiokafka), and those of commands and simulators (kafka-python)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaProducer
from kafka.errors import KafkaError

from streamrec.errors import BrokerUnavailable, TopicMismatch
from streamrec.kafka import clients, topics
from streamrec.settings import Settings

BATCH_BYTES = 512 * 1024
"""Half of the 1 MiB that topics take by default. With aiokafka's 16 KiB the rows of one checkpoint would be dozens of batches of one
partition, and the next one leaves only when the broker has acknowledged the one before."""
TRANSACTION_TIMEOUT_MS = 60_000
"""Longer than a checkpoint may take (`stall_timeout_s`, 45 s), so that the broker aborts none that is still being written. What a dead
owner has left open holds up whoever reads what is committed for that long, unless a new owner starts and aborts it."""
CLOSE_S = 10
"""For so long a closing producer waits for what is not acknowledged."""
MAX_BLOCK_MS = 30_000
"""For so long sending waits for a broker that is away before it raises."""


def idempotent(settings: Settings) -> AIOKafkaProducer:
    """A producer whose tries again neither repeat nor reorder records; not yet started."""
    return AIOKafkaProducer(enable_idempotence=True, acks="all", max_batch_size=BATCH_BYTES, **clients.aiokafka(settings))


def transactional(settings: Settings, name: str, batch_bytes: int = BATCH_BYTES) -> AIOKafkaProducer:
    """A producer of transactions, not yet started; starting it fences every older one of that name and aborts what that left open."""
    return AIOKafkaProducer(
        transactional_id=f"{settings.app_id}-{name}",
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        max_batch_size=batch_bytes,
        **clients.aiokafka(settings),
    )


@contextmanager
def producer(settings: Settings, needed: Iterable[str]) -> Iterator[Any]:
    """A kafka-python producer, once the broker answers and the topics `needed` (without prefix) are there.

    Raises:
        BrokerUnavailable: no broker answers.
        TopicMismatch: a topic is missing.
    """
    states = {report.name: report for report in topics.describe(settings)}
    unknown = [name for name in needed if name not in states]
    if unknown:
        raise TopicMismatch(f"there is no topic {unknown[0]}; the topics are {', '.join(states)}")
    missing = sorted(settings.topic(name) for name in needed if states[name].state == "missing")
    if missing:
        raise TopicMismatch(f"{settings.broker} has no topic {', '.join(missing)}; make them with `streamrec topics create`")
    try:
        # kafka-python's default partitioner is murmur2, as the topics need it.
        client = KafkaProducer(
            **clients.kafka_python(settings), acks="all", max_request_size=topics.DEAD_LETTER_BYTES, max_block_ms=MAX_BLOCK_MS
        )
    except (KafkaError, OSError) as exc:
        raise BrokerUnavailable(f"no Kafka broker answers at {settings.broker} ({exc}); start one with `streamrec broker start`") from exc
    try:
        yield client
    finally:
        client.close(timeout=CLOSE_S)


def send(settings: Settings, name: str, key: bytes, value: bytes | None) -> None:
    """Send one record, or a tombstone, to a topic of one partition; returns once Kafka has it."""
    with KafkaProducer(**clients.kafka_python(settings), acks="all") as client:
        client.send(settings.topic(name), key=key, value=value, partition=0).get(clients.REQUEST_TIMEOUT_MS / 1000)
