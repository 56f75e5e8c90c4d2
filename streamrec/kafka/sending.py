"""One record to a topic of one partition, as commands send it."""

from __future__ import annotations

from kafka import KafkaProducer

from streamrec.kafka import clients
from streamrec.settings import Settings


def send(settings: Settings, name: str, key: bytes, value: bytes | None) -> None:
    """Send a record, or a tombstone, and return once Kafka has it."""
    with KafkaProducer(**clients.kafka_python(settings), acks="all") as producer:
        producer.send(settings.topic(name), key=key, value=value, partition=0).get(clients.REQUEST_TIMEOUT_MS / 1000)
