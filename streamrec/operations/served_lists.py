"""Lists in Kafka: one found by its id, the last ones that came, and those to come."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from streamrec.contract.records import place as at
from streamrec.errors import BadEvent, InputError, ListNotFound, TopicMismatch
from streamrec.events.codec import decode_list
from streamrec.events.partitioner import partition_of
from streamrec.events.types import Recommendation
from streamrec.kafka import topics
from streamrec.kafka.reading import reader, records_between
from streamrec.operations.titles import ITEMS, ROOMS, Titles
from streamrec.settings import Settings

log = structlog.get_logger(__name__)

LISTS = "recommendations"
LOOK_BACK = 100_000
"""So many records of each partition are looked through for the last lists of one user or room, which may have had none for long. More
would keep whoever asks waiting; fewer would miss people who come once a day."""
REMEMBERED = 10_000
"""Ids of lists that are known as shown. A worker that crashes repeats what it sent since its last checkpoint, for each of its partitions
`checkpoint_lists` (5,000) at most."""
POLL_MS = 200
EARLIER_MS = 60_000
"""How far a worker's clock, which dates lists, may lie behind the broker's, which dates triggers."""
_ID = re.compile(r"(.+)-(\d+)-(\d+)")


def find_list(settings: Settings, list_id: str) -> Recommendation:
    """The list of that id, or else the one that answers the trigger that the id names.

    Lists lie in the partition of their triggers, behind them in time: the search begins at the trigger's.

    Raises:
        InputError: it is no list id.
        ListNotFound: no such list is there.
        BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
    """
    trigger, offset = _trigger(settings, list_id)
    place = TopicPartition(settings.topic(LISTS), trigger.partition)
    topics.require(topics.describe(settings), present=(LISTS, ITEMS, ROOMS))
    with reader(settings) as consumer:
        for record in records_between(consumer, place, _begin(consumer, trigger, offset, place), consumer.end_offsets([place])[place]):
            try:
                ranked = decode_list(record.value)
            except BadEvent:
                continue  # somebody else's
            if ranked.list_id == list_id or (trigger.topic, trigger.partition, offset) in map(tuple, ranked.covers):
                return ranked
    raise ListNotFound(
        f"{place.topic} has no list {list_id} in partition {place.partition}; check the id, and that its trigger was not the last "
        "for which a list is still to come (lists older than the topic's retention are gone)"
    )


def titles_in(settings: Settings, ranked: Recommendation) -> Titles:
    """The titles of what a list names: its items, those for whose sake they are in it, and its room."""
    titles = Titles()
    with reader(settings) as consumer:
        titles.read(consumer, settings, [ITEMS], {own_id for item in ranked.items for own_id in (item.item_id, item.because) if own_id})
        if ranked.room_id:
            titles.read(consumer, settings, [ROOMS], [ranked.room_id])
    return titles


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
            # The ends first: lists that come while titles are read are shown afterwards.
            ends = consumer.end_offsets(places)
            named = [name for name in (ITEMS, ROOMS) if self._with_titles and states[name].state != "missing"]
            learnt = self.titles.read(consumer, self._settings, named)
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

    def _last(self, consumer: KafkaConsumer, ends: dict[TopicPartition, int], count: int) -> list[Recommendation]:
        span = count if self._user is None and self._room is None else LOOK_BACK
        firsts = consumer.beginning_offsets(list(ends))
        lists: list[Recommendation] = []
        for place, end in ends.items():
            newest: deque[Recommendation] = deque(maxlen=count)
            for record in records_between(consumer, place, max(firsts[place], end - span), end):
                newest.extend(self._take(place, [record]))
            lists += newest
        return sorted(lists, key=lambda made: made.generated_ts)[-count:]

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
                # Dictionaries keep the order of insertion: the first is the oldest.
                if len(self._seen) > REMEMBERED:
                    del self._seen[next(iter(self._seen))]
                yield made


def _trigger(settings: Settings, list_id: str) -> tuple[TopicPartition, int]:
    match = _ID.fullmatch(list_id)
    if match is None or match[1] not in map(settings.topic, topics.USER_SOURCES) or int(match[2]) >= settings.partitions:
        example = f"{settings.topic('views')}-0-17"
        raise InputError(f"{list_id} is no list id of these topics; give one such as {example}, as it stands in the field list_id")
    return TopicPartition(match[1], int(match[2])), int(match[3])


def _begin(consumer: KafkaConsumer, trigger: TopicPartition, offset: int, place: TopicPartition) -> int:
    """Where the search begins: at the time of the trigger, or at the beginning when that is gone."""
    first = int(consumer.beginning_offsets([place])[place])
    oldest, end = consumer.beginning_offsets([trigger])[trigger], consumer.end_offsets([trigger])[trigger]
    if not oldest <= offset < end:
        return first
    record = next(records_between(consumer, trigger, offset, end), None)
    if record is None:
        return first
    try:
        behind = consumer.offsets_for_times({place: record.timestamp - EARLIER_MS})[place]
    except KafkaError:
        return first  # to find a time the broker unpacks a batch, and somebody may have made one that is more than its memory holds
    return int(behind.offset) if behind is not None else first
