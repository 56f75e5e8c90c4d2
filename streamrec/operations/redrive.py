"""Redrive: dead letters go back to their topics, each at most once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced

from streamrec.contract.records import Outbound
from streamrec.errors import RedriveFailed
from streamrec.events.codec import COMPACTED, INPUTS
from streamrec.events.dead_letters import MARKER
from streamrec.events.partitioner import partition_of
from streamrec.events.sizes import size_of
from streamrec.kafka import producers, topics
from streamrec.kafka.batches import by_destination, fill
from streamrec.operations.letters import NAME, Letter, fetch, newest_offsets
from streamrec.settings import Settings

CHUNK, CHUNK_BYTES = 500, 8 << 20
"""A transaction is committed once it has so many letters, or letters of so many bytes: the broker aborts it after a minute, and what is
aborted is sent again by the next redrive."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The letters to send back, and how many are left where they are, by the reason."""

    letters: Sequence[Letter]
    left: dict[str, int]


def select(settings: Settings, letters: Iterable[Letter]) -> Selection:
    """Leave out what cannot or must not go back: letters sent back before, internal records, states that newer ones have replaced."""
    taken: list[Letter] = []
    left: Counter[str] = Counter()
    newest: dict[str, dict[bytes | None, int]] = {}
    letters = list(letters)
    for letter in letters:
        name = letter.source.removeprefix(settings.prefix)
        why = ""
        if letter.redriven:
            why = "redriven before"
        elif not letter.source.startswith(settings.prefix) or name not in INPUTS:
            why = "not of a topic that is redriven"
        elif letter.reason == "unreadable" or not letter.whole:
            why = "not kept whole; the event is still in its topic, at the offset that the letter names"
        elif name in COMPACTED:
            if name not in newest:
                begin = min(other.source_offset for other in letters if other.source == letter.source)
                newest[name] = newest_offsets(settings, name, begin)
            if letter.key is None:
                why = "without a key, which their topic does not take"
            elif letter.key and newest[name].get(letter.key, -1) > letter.source_offset:
                why = "replaced by a newer state"
        if why:
            left[why] += 1
        else:
            taken.append(letter)
    return Selection(taken, dict(left))


def redrive(
    settings: Settings, letters: Sequence[Letter], stopped: Callable[[], bool] = lambda: False, left: Counter[str] | None = None
) -> Iterator[int]:
    """Send the letters back, and yield after each transaction how many of them went.

    A letter goes back with its key, value and headers as they were, and in the same transaction a marker for it into the topic of dead
    letters: one that has a marker is never sent again. `stopped` is asked between transactions. Letters that Kafka refuses do not hold
    up the others; `left` counts them by Kafka's reason.

    Raises:
        RedriveFailed: Kafka did not answer, or another redrive began; what was not committed has not been sent.
        TopicMismatch: a topic is otherwise than the settings say.
    """
    reports = topics.describe(settings)
    topics.require(reports)
    limits = {report.topic: int(report.config.get("max.message.bytes", topics.EVENT_BYTES)) for report in reports}
    refused: Counter[str] = Counter() if left is None else left
    whole = fetch(settings, [letter.place for letter in letters])
    with asyncio.Runner() as runner:
        sender = _Sender(settings, limits)
        try:
            runner.run(sender.open())
            while not stopped() and (chunk := list(_chunk(whole))):
                yield runner.run(sender.send(chunk, refused))
        except (KafkaError, IllegalOperation, TimeoutError) as exc:
            raise RedriveFailed(
                f"Kafka refused ({type(exc).__name__}: {exc}): see that the brokers answer and no other redrive runs, and run this again"
            ) from exc
        finally:
            runner.run(sender.close())


def _chunk(letters: Iterator[Letter]) -> Iterator[Letter]:
    size = 0
    for letter in islice(letters, CHUNK):
        yield letter
        size += len(letter.value or b"")
        if size >= CHUNK_BYTES:
            break


class _Sender:
    """One transactional producer. It is aiokafka's, because kafka-python does not send headers without a value."""

    def __init__(self, settings: Settings, limits: Mapping[str, int]) -> None:
        self._settings, self._limits = settings, limits
        self._producer: AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Connect, and fence whatever redrive was started before."""
        self._producer = producers.transactional(self._settings, "redrive")
        # aiokafka tries for ever to fence the older ones while the coordinator is away.
        async with asyncio.timeout(self._settings.broker_patience_s):
            await self._producer.start()

    async def close(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, letters: Sequence[Letter], refused: Counter[str]) -> int:
        """Send letters in one transaction; where Kafka refuses that, each half in its own, until the letter at fault stands alone."""
        # What is larger than its topic takes would have Kafka abort the whole transaction, and cannot succeed in any smaller one.
        fitting = [letter for letter in letters if size_of(letter.key, letter.value, letter.headers) <= self._limits[letter.source]]
        refused["larger than their topic takes"] += len(letters) - len(fitting)
        if not fitting:
            return 0
        try:
            await self._transact(fitting)
        except ProducerFenced:
            raise  # another redrive has begun, and what is left is its own
        except KafkaError as exc:
            if exc.retriable:
                raise  # Kafka is away: in smaller parts it would be as well
            if len(fitting) == 1:
                refused[f"refused by Kafka ({type(exc).__name__})"] += 1
                return 0
            half = len(fitting) // 2
            return await self.send(fitting[:half], refused) + await self.send(fitting[half:], refused)
        return len(fitting)

    async def _transact(self, letters: Sequence[Letter]) -> None:
        producer = self._producer
        assert producer is not None
        records = [record for letter in letters for record in self._back(letter)]
        async with producer.transaction():
            sent = []
            for (topic, partition), fields in by_destination(records, lambda _: self._settings.partitions).items():
                batches: list[object] = []
                fill(batches, fields, producer.create_batch)
                sent += [await producer.send_batch(batch, topic, partition=partition) for batch in batches]
            await asyncio.gather(*sent)

    def _back(self, letter: Letter) -> tuple[Outbound, Outbound]:
        """The event as it goes back, and the marker that says so."""
        name = letter.source.removeprefix(self._settings.prefix)
        partition = letter.source_partition
        # The topic may have other partitions than when the letter was written.
        if letter.key:
            partition = partition_of(letter.key, topics.partitions_of(topics.TOPICS[name], self._settings))
        marker = [(MARKER, str(letter.place).encode())]
        return (
            Outbound(letter.source, letter.key, letter.value, letter.headers, partition),
            Outbound(self._settings.topic(NAME), letter.key or b"", None, marker, letter.place.partition),
        )
