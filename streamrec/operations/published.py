"""The topic `models` for commands: read which model is published, publish another."""

from __future__ import annotations

from kafka import TopicPartition

from streamrec.events.models import SLOT, PublishedModel, decode_model, encode_model
from streamrec.kafka import topics
from streamrec.kafka.producers import send
from streamrec.kafka.reading import reader, whole
from streamrec.settings import Settings


def read(settings: Settings) -> PublishedModel | None:
    """The published model; None where workers serve the model of their own settings.

    Raises:
        BrokerUnavailable: Kafka does not answer.
        Stalled: it answers, but the topic cannot be read to its end.
        TopicMismatch: the topic is not as it must be.
        BadEvent: the record is no published model.
    """
    topics.create(settings)  # a model may be published before the first worker starts
    value = None
    with reader(settings) as consumer:
        for record in whole(consumer, TopicPartition(settings.topic("models"), 0)):
            value = record.value if record.key == SLOT else value
    return decode_model(value) if value is not None else None


def write(settings: Settings, model: PublishedModel | None) -> None:
    """Publish a model, or (None) let workers serve the model of their own settings."""
    send(settings, "models", SLOT, encode_model(model) if model is not None else None)
