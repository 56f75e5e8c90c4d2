"""Redrive: dead letters go back to their topics, each at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streamrec.errors import RedriveFailed
from streamrec.events.codec import COMPACTED, INPUTS
from streamrec.events.dead_letters import MARKER
from streamrec.events.partitioner import partition_of
from streamrec.settings import Settings
from streamrec.stream import clients, topics
from streamrec.stream.letters import NAME, Letter, fetch, newest_offsets

CHUNK = 500
"""Most letters of one transaction."""
CHUNK_BYTES = 8 << 20
"""A transaction is committed once its letters have so many bytes; Kafka gives it a minute."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be sent back, and how many are not, by why not."""

    letters: Sequence[Letter]
    left: dict[str, int]


def select(settings: Settings, letters: Iterable[Letter]) -> Selection:
    """Sort out what must not go back: what did so already, internal records, and states of items and rooms that newer ones replaced."""
    taken: list[Letter] = []
    left: dict[str, int] = {}
    newest: dict[str, dict[bytes | None, int]] = {}
    letters = list(letters)
    for letter in letters:
        name = letter.source.removeprefix(settings.prefix)
        why = ""
        if letter.redriven:
            why = "redriven before"
        elif not letter.source.startswith(settings.prefix) or name not in INPUTS:
            why = "not of a topic that is redriven"
        elif name in COMPACTED:
            if name not in newest:
                begin = min(one.source_offset for one in letters if one.source == letter.source)
                newest[name] = newest_offsets(settings, name, begin)
            if letter.key and newest[name].get(letter.key, -1) > letter.source_offset:
                why = "replaced by a newer state"
        if why:
            left[why] = left.get(why, 0) + 1
        else:
            taken.append(letter)
    return Selection(taken, left)


def redrive(settings: Settings, letters: Sequence[Letter], stopped: Callable[[], bool] = lambda: False) -> Iterator[int]:
    """Send the letters back, and yield after each transaction how many of them went.

    Each goes with its key, value and headers as they were, in one transaction with a marker in the topic of dead letters: a letter
    that has one is never sent again. It stops between transactions when `stopped` says so.

    Raises:
        RedriveFailed: Kafka refused, or another redrive began; what was not committed has not been sent.
        TopicMismatch: a topic is otherwise than the settings say.
    """
    topics.require(topics.describe(settings))
    try:
        producer = KafkaProducer(
            **clients.kafka_python(settings),
            acks="all",
            transactional_id=f"{settings.app_id}-redrive",
            max_request_size=topics.DEAD_LETTER_BYTES,
            max_block_ms=int(1000 * settings.broker_patience_s),
        )
        try:
            producer.init_transactions()
            whole = fetch(settings, [letter.place for letter in letters])
            while not stopped() and (chunk := list(_chunk(whole))):
                producer.begin_transaction()
                _send(producer, settings, chunk)
                producer.commit_transaction()
                yield len(chunk)
        finally:
            producer.close(timeout=10)
    except KafkaError as exc:
        raise RedriveFailed(f"Kafka refused ({type(exc).__name__}: {exc}): see that no other redrive runs, and run this again") from exc


def _chunk(letters: Iterator[Letter]) -> Iterator[Letter]:
    size = 0
    for letter in islice(letters, CHUNK):
        yield letter
        size += len(letter.value or b"")
        if size >= CHUNK_BYTES:
            break


def _send(producer: KafkaProducer, settings: Settings, letters: Iterable[Letter]) -> None:
    sent: list[Any] = []
    for letter in letters:
        name = letter.source.removeprefix(settings.prefix)
        if letter.key:
            partition = partition_of(letter.key, topics.partitions_of(topics.TOPICS[name], settings))
        else:
            partition = letter.source_partition
        headers = list(letter.headers)
        sent.append(producer.send(letter.source, letter.value, letter.key, headers, partition))
        marker = [(MARKER, str(letter.place).encode())]
        sent.append(producer.send(settings.topic(NAME), None, letter.key or b"", marker, letter.place.partition))
    producer.flush()
    for future in sent:
        future.get(timeout=60)
