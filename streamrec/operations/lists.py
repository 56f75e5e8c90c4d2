"""Finds a list in Kafka by its id, and the titles of what it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamrec.errors import BadEvent, InputError, ListNotFound
from streamrec.events.codec import decode_internal, decode_list
from streamrec.events.types import Recommendation
from streamrec.kafka import topics
from streamrec.operations.survey import reader, records_between, whole
from streamrec.settings import Settings

EARLIER_MS = 60_000
"""How far a worker's clock may lie behind the broker's."""
_ID = re.compile(r"(.+)-(\d+)-(\d+)")


class _Titled(msgspec.Struct):
    title: str | None = None


_titled = msgspec.json.Decoder(_Titled).decode


def find_list(settings: Settings, list_id: str) -> Recommendation:
    """The list of that id, or else the one that answers the trigger that the id names.

    Lists lie in the partition of their triggers, behind them in time: the search begins at the trigger's.

    Raises:
        InputError: it is no list id.
        ListNotFound: no such list is there.
        BrokerUnavailable, TopicMismatch: Kafka does not answer, or its topics are not those of the settings.
    """
    trigger, offset = _trigger(settings, list_id)
    place = TopicPartition(settings.topic("recommendations"), trigger.partition)
    topics.require(topics.describe(settings), present=("recommendations", "items", "rooms"))
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


def titles(settings: Settings, topic_name: str, wanted: Collection[str]) -> dict[str, str]:
    """The titles of items or rooms by id, as they are now, of those that have one."""
    found: dict[str, str] = {}
    keys = {key.encode(): key for key in wanted}
    with reader(settings) as consumer:
        for key, value in _all(consumer, settings, topic_name):
            if key in keys and value is not None and (title := _title(value)):
                found[keys[key]] = title
    return found


def _title(value: bytes) -> str | None:
    try:
        return decode_internal(_titled, value).title
    except BadEvent:
        return None  # also of an item in Avro, which takes a registry


def _all(consumer: KafkaConsumer, settings: Settings, topic_name: str) -> Iterator[tuple[bytes | None, bytes | None]]:
    for number in range(topics.partitions_of(topics.TOPICS[topic_name], settings)):
        place = TopicPartition(settings.topic(topic_name), number)
        yield from ((record.key, record.value) for record in whole(consumer, place))


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
        found = consumer.offsets_for_times({place: record.timestamp - EARLIER_MS})[place]
    except KafkaError:
        return first  # to find a time the broker unpacks a batch, and somebody may have made one that is more than its memory holds
    return int(found.offset) if found is not None else first
