"""The topic `models` as commands use it: read what is published, publish something else."""

from __future__ import annotations

import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streamrec.errors import BrokerUnavailable
from streamrec.events.models import SLOT, PublishedModel, decode_model, encode_model
from streamrec.settings import Settings
from streamrec.stream import clients, topics

_READ_S = 10.0


def read(settings: Settings) -> PublishedModel | None:
    """The published model; None when the workers serve that of their own settings.

    Raises:
        BrokerUnavailable: Kafka does not answer.
        TopicMismatch: the topic is not as it must be.
        BadEvent: the record is no published model.
    """
    topics.create(settings)
    place = TopicPartition(settings.topic("models"), 0)
    consumer = KafkaConsumer(**clients.kafka_python(settings), enable_auto_commit=False)
    try:
        consumer.assign([place])
        consumer.seek_to_beginning(place)
        end, value = consumer.end_offsets([place])[place], None
        deadline = time.monotonic() + _READ_S
        while consumer.position(place) < end:
            if time.monotonic() > deadline:
                raise BrokerUnavailable(
                    f"{place.topic} cannot be read from {settings.broker} within {_READ_S:g} s; see that the broker is well"
                )
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    value = record.value if record.key == SLOT else value
        return decode_model(value) if value is not None else None
    finally:
        consumer.close()


def write(settings: Settings, model: PublishedModel | None) -> None:
    """Publish a model, or that the workers are to serve that of their own settings."""
    producer = KafkaProducer(**clients.kafka_python(settings), acks="all")
    try:
        producer.send(settings.topic("models"), key=SLOT, value=encode_model(model) if model is not None else None, partition=0).get(
            clients.REQUEST_TIMEOUT_MS / 1000
        )
    finally:
        producer.close()
