"""The titles of items and rooms, read from their topics as workers would read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.errors import BadEvent
from streamrec.events.codec import decode
from streamrec.events.types import Item, Room
from streamrec.kafka.reading import records_between
from streamrec.settings import Settings

ITEMS, ROOMS = "items", "rooms"


@dataclass(slots=True)
class Titles:
    """The titles of items and rooms by their ids."""

    items: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)

    def learn(self, name: str, record: ConsumerRecord) -> None:
        """Take over a record of the topic `name`; what no worker can use leaves the title as it was.

        An item in Avro is such a record here: to read it takes a schema registry.
        """
        try:
            event = decode(name, record.value, record.headers)
        except BadEvent:
            return
        if isinstance(event, Item):
            self.items[event.item_id] = event.title
        elif isinstance(event, Room) and event.title:
            self.rooms[event.room_id] = event.title

    def read(
        self, consumer: KafkaConsumer, settings: Settings, names: Iterable[str], wanted: Collection[str] | None = None
    ) -> dict[TopicPartition, int]:
        """Learn what the topics `names` hold now, of the ids `wanted` or of all; returns where each goes on."""
        keys = None if wanted is None else {own_id.encode() for own_id in wanted}
        nexts: dict[TopicPartition, int] = {}
        for name in names:
            place = TopicPartition(settings.topic(name), 0)
            first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
            for record in records_between(consumer, place, first, end):
                if keys is None or record.key in keys:
                    self.learn(name, record)
            nexts[place] = end
        return nexts
