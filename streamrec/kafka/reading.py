"""Partitions read from here to there, as commands read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.errors import Stalled
from streamrec.kafka import clients
from streamrec.settings import Settings

PATIENCE_S = 30.0
"""For so long nothing may come before reading gives up: as long as one request may take (`clients.REQUEST_TIMEOUT_MS`)."""
POLL_MS = 200


@contextmanager
def reader(settings: Settings) -> Iterator[KafkaConsumer]:
    """A consumer without a group that sees what is committed only."""
    # A damaged batch is stood for by one record that cannot be read; with the check, no command could look behind it.
    consumer = KafkaConsumer(isolation_level="read_committed", enable_auto_commit=False, check_crcs=False, **clients.kafka_python(settings))
    try:
        yield consumer
    finally:
        consumer.close()


def records_between(consumer: KafkaConsumer, place: TopicPartition, begin: int, end: int) -> Iterator[ConsumerRecord]:
    """The committed records of a partition from one offset up to, but without, another.

    Raises:
        Stalled: nothing more comes.
    """
    consumer.assign([place])
    consumer.seek(place, begin)
    moved = time.monotonic()
    # By the position, not by the offset of the last record: markers of transactions may lie behind it.
    while consumer.position(place) < end:
        if records := consumer.poll(timeout_ms=POLL_MS).get(place, ()):
            moved = time.monotonic()
        elif time.monotonic() - moved > PATIENCE_S:
            raise Stalled(f"{place.topic}/{place.partition} cannot be read on for {PATIENCE_S:g} s; is Kafka well?")
        yield from (record for record in records if record.offset < end)


def whole(consumer: KafkaConsumer, place: TopicPartition) -> Iterator[ConsumerRecord]:
    """All committed records that a partition has now; raises as `records_between` does."""
    first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    return records_between(consumer, place, first, end)


def latest(consumer: KafkaConsumer, place: TopicPartition) -> dict[bytes, bytes]:
    """What a compacted partition holds: the newest value of every key that has one; raises as `records_between` does."""
    values: dict[bytes, bytes] = {}
    for record in whole(consumer, place):
        if record.value is None:
            values.pop(record.key, None)
        else:
            values[record.key] = record.value
    return values
