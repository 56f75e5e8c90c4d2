"""The simulator's connection to Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streamrec.errors import BrokerUnavailable, TopicMismatch
from streamrec.kafka import clients, topics
from streamrec.settings import Settings

PRODUCER = {"acks": "all", "max_request_size": topics.DEAD_LETTER_BYTES, "max_block_ms": 30_000}
"""Beyond the connection; kafka-python's default partitioner is murmur2, as the topics need it."""
_CLOSE_S = 10


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
        client = KafkaProducer(**clients.kafka_python(settings), **PRODUCER)
    except (KafkaError, OSError) as exc:
        raise BrokerUnavailable(f"no Kafka broker answers at {settings.broker} ({exc}); start one with `streamrec broker start`") from exc
    try:
        yield client
    finally:
        client.close(timeout=_CLOSE_S)
