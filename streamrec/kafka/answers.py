"""Whether the brokers still answer."""

from __future__ import annotations

import time
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streamrec.kafka import insides


def answered(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> float | None:
    """Since when (monotonic) at least one of the partitions has had no answer to a fetch; None before the first answer of each.

    That a poll returns says nothing: it does so without a broker, too. Safe on any thread.
    """
    states = [insides.state_of(consumer, partition) for partition in partitions]
    answers_ms: list[int | None] = [state.timestamp for state in states if state is not None]
    known_ms = [answer for answer in answers_ms if answer is not None]
    if not known_ms or len(known_ms) < len(answers_ms):
        return None
    return time.monotonic() - max(0.0, time.time() - min(known_ms) / 1000)
