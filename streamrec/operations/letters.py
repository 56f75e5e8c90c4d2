"""Dead letters in Kafka, found and read; nothing here changes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.contract.records import Headers, header
from streamrec.errors import InputError, TopicMismatch
from streamrec.events.dead_letters import MARKER, PREFIX, is_marker
from streamrec.kafka import topics
from streamrec.kafka.reading import reader, records_between
from streamrec.settings import Settings

NAME = "dead-letters"


class LetterPlace(NamedTuple):
    """Where a dead letter lies in its topic; written PARTITION-OFFSET."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter. `source` is the full name of the topic that it came from, `failed_ms` when it failed last.

    `redriven` says whether it was sent back, `cut` what was shortened (nothing, in most letters).
    """

    place: LetterPlace
    source: str
    source_partition: int
    source_offset: int
    stage: str
    reason: str
    message: str
    failed_ms: int
    attempts: int
    key: bytes | None
    value: bytes | None = None
    headers: Headers = ()
    redriven: bool = False
    cut: str = ""

    @property
    def whole(self) -> bool:
        """Whether key and value are as they were read."""
        return not any(part.startswith(("key: ", "value: ")) for part in self.cut.split("; "))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters to take; an empty field takes all. `topics` have no prefix, times are in ms, and `until_ms` itself is not included."""

    reasons: Sequence[str] = ()
    topics: Sequence[str] = ()
    stages: Sequence[str] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    places: Sequence[LetterPlace] = field(default=())

    def takes(self, letter: Letter, prefix: str) -> bool:
        """Whether the letter is one of those chosen."""
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (not self.topics or letter.source.removeprefix(prefix) in self.topics)
            and (not self.stages or letter.stage in self.stages)
            and (self.since_ms is None or letter.failed_ms >= self.since_ms)
            and (self.until_ms is None or letter.failed_ms < self.until_ms)
            and (not self.places or letter.place in self.places)
        )


def place_of(text: str) -> LetterPlace:
    """Read PARTITION-OFFSET.

    Raises:
        InputError: the text is something else.
    """
    partition, _, offset = text.partition("-")
    # Digits of other scripts are digits for `isdigit`, too, and twenty of them are more than any offset has.
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in (partition, offset)):
        raise InputError(f"{text} is no dead letter; name one as `streamrec dlq ls` does, such as 3-17")
    return LetterPlace(int(partition), int(offset))


def find(settings: Settings, choice: Choice) -> list[Letter]:
    """The chosen letters in the order in which they failed, without values and headers: there may be more of those than fit the memory.

    Raises:
        TopicMismatch: there is no topic of dead letters.
        BrokerUnavailable: no broker answers.
    """
    report = next(report for report in topics.describe(settings) if report.name == NAME)
    if report.state == "missing":
        raise TopicMismatch(f"{settings.broker} has no topic {report.topic}: name your --prefix, or make it with `streamrec topics create`")
    chosen: dict[LetterPlace, Letter] = {}
    redriven: set[LetterPlace] = set()
    with reader(settings) as consumer:
        # Markers and letters lie in one topic, each marker somewhere behind its letter: only at the end is it known what was redriven.
        for record in _all(consumer, settings):
            if is_marker(record.key, record.value, record.headers):
                redriven |= _marked(record)
            elif choice.takes(letter := letter_of(record), settings.prefix):
                chosen[letter.place] = replace(letter, value=None, headers=())
    letters = [replace(letter, redriven=letter.place in redriven) for letter in chosen.values()]
    return sorted(letters, key=lambda letter: (letter.failed_ms, letter.place))


def fetch(settings: Settings, places: Iterable[LetterPlace]) -> Iterator[Letter]:
    """The whole letters at these places, by partition and offset, without those that retention has removed."""
    by_partition: dict[int, set[int]] = {}
    for place in places:
        by_partition.setdefault(place.partition, set()).add(place.offset)
    with reader(settings) as consumer:
        known = {place.partition: (place, first, end) for place, first, end in _extents(consumer, settings)}
        for partition, offsets in sorted(by_partition.items()):
            if partition not in known:
                continue
            place, first, end = known[partition]
            # One pass from the first to the last of them: to seek each would be a fetch for each.
            for record in records_between(consumer, place, max(first, min(offsets)), min(end, max(offsets) + 1)):
                if record.offset in offsets and not is_marker(record.key, record.value, record.headers):
                    yield letter_of(record)


def letter_of(record: ConsumerRecord) -> Letter:
    """Read a record of the topic as a letter. Anybody may write there: what a header does not say gets a value that says so."""

    def text(name: str) -> str:
        return (header(record.headers, PREFIX + name) or b"").decode(errors="replace")

    def number(name: str, default: int) -> int:
        digits = text(name)
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else default

    return Letter(
        place=LetterPlace(record.partition, record.offset),
        source=text("topic"),
        source_partition=number("partition", -1),
        source_offset=number("offset", -1),
        stage=text("stage"),
        reason=text("reason"),
        message=text("message"),
        failed_ms=number("timestamp", record.timestamp),
        attempts=number("attempts", 1),
        key=record.key,
        value=record.value,
        headers=record.headers,
        cut=text("cut"),
    )


def _marked(record: ConsumerRecord) -> set[LetterPlace]:
    """The letter that a marker names, if a redrive can have written the marker: it lies in the letter's partition, behind the letter."""
    try:
        named = place_of((header(record.headers, MARKER) or b"").decode())
    except (UnicodeDecodeError, InputError):
        return set()
    return {named} if named.partition == record.partition and named.offset < record.offset else set()


def newest_offsets(settings: Settings, name: str, begin: int) -> dict[bytes | None, int]:
    """The newest offset of every key in a topic of one partition, from an offset on."""
    place = TopicPartition(settings.topic(name), 0)
    with reader(settings) as consumer:
        first, end = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
        return {record.key: record.offset for record in records_between(consumer, place, max(first, begin), end)}


def _all(consumer: KafkaConsumer, settings: Settings) -> Iterator[ConsumerRecord]:
    for place, first, end in _extents(consumer, settings):
        yield from records_between(consumer, place, first, end)


def _extents(consumer: KafkaConsumer, settings: Settings) -> Iterator[tuple[TopicPartition, int, int]]:
    """The partitions of the topic, each with its first offset and the one behind its last."""
    full = settings.topic(NAME)
    places = [TopicPartition(full, number) for number in sorted(consumer.partitions_for_topic(full) or ())]
    first, end = consumer.beginning_offsets(places), consumer.end_offsets(places)
    for place in places:
        yield place, first[place], end[place]


def as_data(letter: Letter, prefix: str) -> dict[str, Any]:
    """What is known of a letter, for JSON, without key and value."""
    return {
        "letter": str(letter.place),
        "failed_ms": letter.failed_ms,
        "topic": letter.source.removeprefix(prefix),
        "partition": letter.source_partition,
        "offset": letter.source_offset,
        "stage": letter.stage,
        "reason": letter.reason,
        "message": letter.message,
        "attempts": letter.attempts,
        "redriven": letter.redriven,
    }
