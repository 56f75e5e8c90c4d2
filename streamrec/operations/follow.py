"""Lists as they come, or the last ones that came, with the titles of what is in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.contract.records import place as at
from streamrec.errors import BadEvent, TopicMismatch
from streamrec.events.codec import decode, decode_list
from streamrec.events.partitioner import partition_of
from streamrec.events.types import Item, Recommendation, Room
from streamrec.kafka import topics
from streamrec.operations.survey import reader, records_between
from streamrec.settings import Settings

log = structlog.get_logger(__name__)

LISTS, ITEMS, ROOMS = "recommendations", "items", "rooms"
LOOK_BACK = 100_000
"""So many records of each partition are looked through for the last lists of one user or room."""
REMEMBERED = 10_000
POLL_MS = 200


@dataclass(slots=True)
class Titles:
    """The titles of items and rooms by their ids."""

    items: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, str] = field(default_factory=dict)

    def learn(self, name: str, record: ConsumerRecord) -> None:
        """Take over a record of the topic `name`; what cannot be used leaves the title as it was."""
        try:
            event = decode(name, record.value, record.headers)
        except BadEvent:
            return
        if isinstance(event, Item):
            self.items[event.item_id] = event.title
        elif isinstance(event, Room) and event.title:
            self.rooms[event.room_id] = event.title


class Follower:
    """Reads `recommendations`, of one user or room when they are named, each list once."""

    def __init__(self, settings: Settings, user: str | None = None, room: str | None = None, *, with_titles: bool = True) -> None:
        self._settings = settings
        self._user, self._room = user, room
        self._with_titles = with_titles
        self._seen: dict[str, None] = {}
        self.titles = Titles()

    def run(self, last: int, stopped: Callable[[], bool]) -> Iterator[Recommendation]:
        """The last lists, oldest first, and then each as it comes, until `stopped`.

        Raises:
            BrokerUnavailable: no broker answers.
            TopicMismatch: there is no topic of lists.
        """
        states = {report.name: report for report in topics.describe(self._settings)}
        if states[LISTS].state == "missing":
            raise TopicMismatch(f"{self._settings.broker} has no topic {states[LISTS].topic}: name your --prefix, or start a worker")
        with reader(self._settings) as consumer:
            places = self._places(states[LISTS].partitions)
            ends = consumer.end_offsets(places)
            named = [name for name in (ITEMS, ROOMS) if self._with_titles and states[name].state != "missing"]
            learnt = self._learn(consumer, named)
            if last:
                yield from self._last(consumer, ends, last)
            consumer.assign([*ends, *learnt])
            for place, offset in {**ends, **learnt}.items():
                consumer.seek(place, offset)
            while not stopped():
                for place, records in consumer.poll(timeout_ms=POLL_MS).items():
                    yield from self._take(place, records)

    def _places(self, partitions: int) -> list[TopicPartition]:
        numbers = range(partitions) if self._user is None else [partition_of(self._user.encode(), partitions)]
        return [TopicPartition(self._settings.topic(LISTS), number) for number in numbers]

    def _learn(self, consumer: KafkaConsumer, names: list[str]) -> dict[TopicPartition, int]:
        """Read the titles that there are, and return where to go on."""
        nexts: dict[TopicPartition, int] = {}
        for name in names:
            place = TopicPartition(self._settings.topic(name), 0)
            first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
            for record in records_between(consumer, place, first, end):
                self.titles.learn(name, record)
            nexts[place] = end
        return nexts

    def _last(self, consumer: KafkaConsumer, ends: dict[TopicPartition, int], count: int) -> list[Recommendation]:
        span = count if self._user is None and self._room is None else LOOK_BACK
        firsts = consumer.beginning_offsets(list(ends))
        found: list[Recommendation] = []
        for place, end in ends.items():
            newest: deque[Recommendation] = deque(maxlen=count)
            for record in records_between(consumer, place, max(firsts[place], end - span), end):
                newest.extend(self._take(place, [record]))
            found += newest
        return sorted(found, key=lambda made: made.generated_ts)[-count:]

    def _take(self, place: TopicPartition, records: list[ConsumerRecord]) -> Iterator[Recommendation]:
        name = place.topic.removeprefix(self._settings.prefix)
        for record in records:
            if name != LISTS:
                self.titles.learn(name, record)
                continue
            try:
                made = decode_list(record.value)
            except BadEvent as error:
                log.warning("a record is no list and is passed over", **at(record), reason=str(error))
                continue
            wanted = (self._user is None or made.user_id == self._user) and (self._room is None or made.room_id == self._room)
            if wanted and made.list_id not in self._seen:
                self._seen[made.list_id] = None
                if len(self._seen) > REMEMBERED:
                    del self._seen[next(iter(self._seen))]
                yield made
