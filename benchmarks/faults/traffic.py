"""Produces the events of a trial in a thread of its own, at a rate that does not wait for the worker."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from benchmarks.faults.events import LABEL, Event
from streamrec.kafka import clients
from streamrec.settings import Settings

TICK_S = 0.05
FLUSH_S = 120.0


class Traffic:
    """An open loop of events; what the broker has `acknowledged` must be in its topics, what it `refused` may be."""

    def __init__(self, settings: Settings, events: Iterator[Event], rate: float) -> None:
        self.acknowledged = self.refused = 0
        self._settings = settings
        self._events = events
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self._turn = threading.Lock()
        self._failure: Exception | None = None
        self._producer = self._connect()

    def send(self, events: list[Event]) -> None:
        """Send some events now, and wait until the broker has them."""
        for event in events:
            self._send(event)
        self._producer.flush(FLUSH_S)

    def hurry(self, count: int) -> None:
        """Send the next events ahead of their time."""
        with self._turn:
            self.send(list(islice(self._events, count)))

    def start(self) -> None:
        """Begin the flow."""
        self._thread.start()

    @contextmanager
    def still(self, reconnect: bool = False) -> Iterator[None]:
        """What was sent is in its topics, and nothing more is sent until the end of this; what is due by then comes after it.

        With `reconnect` the producer is another one then, which knows nothing of how the topics were before.
        """
        with self._turn:
            self._producer.flush(FLUSH_S)
            yield
            if reconnect:
                self._producer.close()
                self._producer = self._connect()

    def stop(self) -> None:
        """End the flow and wait for the broker; raises what went wrong meanwhile."""
        self._stop.set()
        self._thread.join()
        self._producer.flush(FLUSH_S)
        self._producer.close()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """End the flow and wait for nothing; what is under way is given up. After `stop` there is nothing to do."""
        self._stop.set()
        with contextlib.suppress(KafkaTimeoutError):  # how it says that something was under way
            self._producer.close(timeout=0)

    def _run(self) -> None:
        try:
            self._flow()
        except Exception as exc:
            self._failure = exc

    def _flow(self) -> None:
        began, sent = time.monotonic(), 0
        while not self._stop.wait(TICK_S):
            due = int((time.monotonic() - began) * self._rate) - sent
            with self._turn:
                for event in islice(self._events, due):
                    self._send(event)
            sent += due

    def _connect(self) -> KafkaProducer:
        return KafkaProducer(linger_ms=5, **clients.kafka_python(self._settings))

    def _send(self, event: Event) -> None:
        topic = self._settings.topic(event.topic)
        future = self._producer.send(topic, key=event.key, value=event.value, headers=[(LABEL, event.label)])
        future.add_callback(self._count)
        future.add_errback(self._refuse)

    def _count(self, place: object) -> None:
        self.acknowledged += 1

    def _refuse(self, exc: BaseException) -> None:
        self.refused += 1
