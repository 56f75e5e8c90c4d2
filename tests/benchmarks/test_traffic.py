"""The flow of events stands still and hurries as it is told, and loses none of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from benchmarks.faults import traffic
from benchmarks.faults.events import Event
from benchmarks.faults.traffic import Traffic
from benchmarks.faults.waiting import until
from streamrec.settings import Settings

PATIENCE_S = 30.0


class Sent:
    """What a producer gives for a record."""

    def add_callback(self, call: Any) -> None:
        call(None)

    def add_errback(self, call: Any) -> None: ...


class Producer:
    """Keeps what is sent, and whether it waited for the broker."""

    made: list[Producer]

    def __init__(self, **settings: Any) -> None:
        self.values: list[bytes] = []
        self.flushed = self.closed = False
        Producer.made.append(self)

    def send(self, topic: str, key: bytes | None, value: bytes, headers: Any) -> Sent:
        assert not self.closed
        self.values.append(value)
        return Sent()

    def flush(self, timeout: float) -> None:
        self.flushed = True

    def close(self, timeout: float | None = None) -> None:
        self.closed = True


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traffic]:
    Producer.made = []
    monkeypatch.setattr(traffic, "KafkaProducer", Producer)
    made = Traffic(Settings(), (Event("views", None, b"%d" % number, b"good") for number in count()), rate=1000.0)
    made.start()
    yield made
    made.stop()


def sent() -> list[int]:
    return [int(value) for producer in Producer.made for value in producer.values]


def test_nothing_is_sent_while_it_stands_still_and_nothing_is_left_out(flow: Traffic) -> None:
    assert until(lambda: len(sent()) > 50, PATIENCE_S)
    with flow.still():
        assert Producer.made[0].flushed
        before = len(sent())
        assert not until(lambda: len(sent()) > before, 0.2)
    assert until(lambda: len(sent()) > before + 200, PATIENCE_S), "what was due meanwhile comes after it"
    assert sent() == list(range(len(sent())))


def test_the_next_events_can_be_sent_ahead_of_their_time(flow: Traffic) -> None:
    flow.hurry(5000)
    assert len(sent()) >= 5000
    assert sent() == list(range(len(sent())))


def test_another_producer_goes_on_where_the_first_was_closed(flow: Traffic) -> None:
    assert until(lambda: len(sent()) > 50, PATIENCE_S)
    with flow.still(reconnect=True):
        before = len(sent())
    assert until(lambda: len(sent()) > before, PATIENCE_S)
    assert [producer.closed for producer in Producer.made] == [True, False]
    assert sent() == list(range(len(sent())))
