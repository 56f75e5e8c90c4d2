"""Batches on their way, and lost ones."""

from __future__ import annotations

import pytest
from faust.types.tuples import TP

from streamrec.engine import flight
from streamrec.engine.flight import Flight

A, B, OTHER = TP("views", 0), TP("views", 1), TP("danmaku", 0)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be moved."""
    moved = [100.0]
    monkeypatch.setattr(flight.time, "monotonic", lambda: moved[0])
    return moved


def test_a_partition_is_idle_until_a_batch_begins_and_after_it_was_applied(now: list[float]) -> None:
    one = Flight()
    assert one.idle(A)
    one.begin(A)
    assert not one.idle(A)
    one.land(A)
    assert not one.idle(A), "the engine has it"
    one.end([A])
    assert one.idle(A)


def test_what_a_later_batch_of_its_topic_has_overtaken_is_lost(now: list[float]) -> None:
    one = Flight()
    one.begin(A)
    now[0] += 0.1
    one.begin(B)
    assert one.lost() == []
    one.land(B)
    assert one.lost() == [A]


def test_what_the_engine_has_is_not_lost_however_long_it_waits(now: list[float]) -> None:
    one = Flight()
    one.begin(A)
    one.land(A)
    now[0] += 10 * flight.LOST_AFTER_S
    assert one.lost() == []


def test_what_never_comes_is_lost(now: list[float]) -> None:
    one = Flight()
    one.begin(A)
    now[0] += flight.LOST_AFTER_S / 2
    one.begin(OTHER)
    one.land(OTHER)
    assert one.lost() == []
    now[0] += flight.LOST_AFTER_S
    assert one.lost() == [A]
    one.clear()
    assert one.lost() == []
    assert one.idle(OTHER)
