"""What is read inside a consumer: how long its partitions have been without an answer."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streamrec.kafka import insides

FIRST, SECOND = TopicPartition("views", 0), TopicPartition("views", 1)


def consumer(**answers_ms: int | None) -> Any:
    """A consumer to which partitions 0, 1 of views are assigned, with the times of their last answers."""
    states = {TopicPartition("views", int(name[1:])): SimpleNamespace(timestamp=moment) for name, moment in answers_ms.items()}
    assignment = SimpleNamespace(state_value=states.get)
    return SimpleNamespace(_subscription=SimpleNamespace(subscription=SimpleNamespace(assignment=assignment)))


def ago_ms(seconds: float) -> int:
    return int(1000 * (time.time() - seconds))


def test_the_partition_that_has_waited_longest_tells() -> None:
    moment = insides.last_answer(consumer(p0=ago_ms(1), p1=ago_ms(100)), [FIRST, SECOND])
    assert moment is not None
    assert time.monotonic() - moment == pytest.approx(100, abs=30)


def test_nothing_is_known_before_each_partition_has_had_an_answer() -> None:
    assert insides.last_answer(consumer(p0=ago_ms(1), p1=None), [FIRST, SECOND]) is None
    assert insides.last_answer(consumer(), [FIRST]) is None


def test_what_is_not_assigned_has_no_state() -> None:
    unassigned: Any = SimpleNamespace(_subscription=SimpleNamespace(subscription=None))
    assert insides.state_of(unassigned, FIRST) is None
    assert insides.last_answer(unassigned, [FIRST]) is None


def test_a_clock_that_was_set_back_makes_no_answer_of_the_future() -> None:
    moment = insides.last_answer(consumer(p0=ago_ms(-3600)), [FIRST])
    assert moment is not None
    assert moment <= time.monotonic()
