"""What the learner writes: examples, versions and its own state, by one fenced transactional producer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import IllegalOperation, ProducerFenced

from streamrec.errors import LearnerReplaced
from streamrec.events.partitioner import partition_of
from streamrec.kafka import producers
from streamrec.learning.examples import Example, encode_example
from streamrec.learning.weights import STATE, LearnerState, Weights, encode_record
from streamrec.settings import Settings


@dataclass(frozen=True, slots=True)
class Written:
    """An example and where it lies."""

    example: Example
    partition: int
    offset: int


class LearnerLog:
    """Opening it fences every older learner of this deployment, and aborts what that one left open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._examples, self._weights = settings.topic("training-examples"), settings.topic("blend-weights")
        # Its topics are made without a size of their own, and examples come a few at a time: a broker's smallest limit takes such batches.
        self._producer = producers.transactional(settings, "learner", 16 * 1024)

    async def open(self) -> None:
        """Connect and fence."""
        await self._producer.start()

    async def examples(self, examples: Sequence[Example]) -> list[Written]:
        """Write examples in one transaction, whole or not at all; each with its place.

        Raises:
            LearnerReplaced: another learner has been started since.
        """
        with _named():
            async with self._producer.transaction():
                sent = [await self._send(self._examples, example.list_id, encode_example(example)) for example in examples]
                places = await asyncio.gather(*sent)
        return [Written(example, place.partition, place.offset) for example, place in zip(examples, places, strict=True)]

    async def judged(self, state: LearnerState, weights: Weights | None) -> None:
        """Write where the learner of one base stands and, with it or not at all, a version of its weights.

        Raises:
            LearnerReplaced: another learner has been started since.
        """
        with _named():
            async with self._producer.transaction():
                sent = [await self._send(self._weights, STATE + state.base, encode_record(state), 0)]
                if weights is not None:
                    sent.append(await self._send(self._weights, weights.base, encode_record(weights), 0))
                await asyncio.gather(*sent)

    async def close(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def _send(self, topic: str, key: str, value: bytes, partition: int | None = None) -> asyncio.Future[Any]:
        where = partition_of(key.encode(), self._settings.partitions) if partition is None else partition
        sent: asyncio.Future[Any] = await self._producer.send(topic, value, key.encode(), partition=where)
        return sent


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (ProducerFenced, IllegalOperation) as exc:
        raise LearnerReplaced("another learner of this deployment has taken over; run only one, nothing is lost") from exc
