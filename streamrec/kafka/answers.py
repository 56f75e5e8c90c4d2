"""Whether the brokers still answer."""

from __future__ import annotations

import time
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

from streamrec.kafka import insides


def answered(consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> float | None:
    """When (monotonic clock) the partition that has waited longest had its last answer to a fetch; None before each has had one.

    Safe on any thread.
    """
    # That a poll returns says nothing: without a broker it returns as well.
    states = [insides.state_of(consumer, partition) for partition in partitions]
    answers_ms: list[int | None] = [state.timestamp for state in states if state is not None]
    known_ms = [answer for answer in answers_ms if answer is not None]
    if not known_ms or len(known_ms) < len(answers_ms):
        return None
    return time.monotonic() - max(0.0, time.time() - min(known_ms) / 1000)
