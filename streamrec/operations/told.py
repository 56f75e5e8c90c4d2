"""Everything that was told on the topics: events of users, items, rooms and rules, as far as it is still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kafka import TopicPartition

from streamrec.errors import BadEvent
from streamrec.events.codec import Event, Tombstone, decode
from streamrec.kafka import topics
from streamrec.kafka.reading import reader, records_between
from streamrec.operations.titles import ITEMS, ROOMS
from streamrec.settings import Settings

NAMES = ("items", "rooms", "rules", "views", "purchases", "danmaku", "feedback")


class Told(NamedTuple):
    """An event, and when (ms) the broker got it."""

    event: Event
    heard_ms: int


class Topics:
    """The topics of a shop, read from their beginnings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.gaps: list[str] = []
        """What cannot be read any more, in words: known once all was read."""

    def read(self) -> Iterator[Told]:
        """All events in the order of their partitions; what no worker can use is passed over.

        Raises:
            BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
        """
        reports = {report.name: report for report in topics.describe(self._settings)}
        topics.require(list(reports.values()), present=("recommendations", ITEMS, ROOMS))
        with reader(self._settings) as consumer:
            for name in NAMES:
                report = reports[name]
                if report.state == "missing":
                    continue
                unread = 0
                for place in (TopicPartition(report.topic, number) for number in range(report.partitions)):
                    first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
                    if first and report.cleanup == "delete":
                        self.gaps.append(f"{place.topic}/{place.partition} begins at {first}")
                    for record in records_between(consumer, place, first, end):
                        try:
                            event = decode(name, record.value, record.headers)
                        except BadEvent as error:
                            unread += error.reason == "avro"
                            continue
                        if not isinstance(event, Tombstone):
                            yield Told(event, record.timestamp)
                if unread:
                    self.gaps.append(f"{unread} events of {report.topic} are in Avro")
