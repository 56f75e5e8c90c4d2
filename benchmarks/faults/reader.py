"""Reads topics whole, from the first committed record to the last."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from streamrec.kafka import clients, topics
from streamrec.settings import Settings

PATIENCE_S = 240.0
FETCH_BYTES = 16 << 20


class Unreadable(Exception):
    """A topic could not be read to its end."""


class Reader:
    """Keeps every committed record of some topics (names without the prefix), by topic in the order of their partitions."""

    def __init__(self, settings: Settings, names: Iterable[str]) -> None:
        self._settings = settings
        self._names = {settings.topic(name): name for name in names}
        self._consumer = KafkaConsumer(
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=5000,
            max_partition_fetch_bytes=FETCH_BYTES,
            **clients.kafka_python(settings),
        )
        self.partitions = [
            TopicPartition(full, number) for full in self._names for number in sorted(self._consumer.partitions_for_topic(full) or ())
        ]
        self._consumer.assign(self.partitions)
        self._consumer.seek_to_beginning(*self.partitions)
        self.records: dict[str, list[Any]] = {name: [] for name in self._names.values()}
        self.ends: dict[tuple[str, int], int] = {}

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def catch_up(self) -> None:
        """Read on to the ends as they are now.

        Raises:
            Unreadable: it took longer than `PATIENCE_S`, such as for a transaction that nobody ends.
        """
        ends = self._consumer.end_offsets(self.partitions)
        deadline = time.monotonic() + PATIENCE_S
        while behind := [one for one in self.partitions if self._consumer.position(one) < ends[one]]:
            if time.monotonic() > deadline:
                raise Unreadable(f"{behind[0].topic}/{behind[0].partition} cannot be read to its end, {ends[behind[0]]}")
            for partition, records in self._consumer.poll(timeout_ms=200).items():
                self.records[self._names[partition.topic]] += records
        self.ends = {(self._names[one.topic], one.partition): end for one, end in ends.items()}


@contextmanager
def admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """Kafka's administration."""
    client = KafkaAdminClient(**clients.kafka_python(settings))
    try:
        yield client
    finally:
        client.close()


def committed(settings: Settings) -> dict[tuple[str, int], int]:
    """The offsets that the group has committed, by topic without its prefix and partition."""
    with admin(settings) as client:
        found = client.list_group_offsets({settings.app_id: None})[settings.app_id]
    return {(one.topic.removeprefix(settings.prefix), one.partition): at.offset for one, at in found.items()}


def delete_topics(settings: Settings) -> None:
    """Delete all topics of a trial."""
    with admin(settings) as client:
        client.delete_topics([settings.topic(name) for name in topics.TOPICS])
