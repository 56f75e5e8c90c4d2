"""Sends messages to Kafka at a given rate, and counts them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from streamrec.errors import BrokerUnavailable
from streamrec.simulator.messages import SIMULATED, Message

# As long as a broker is waited for by default (the setting `broker_patience_s`).
FLUSH_PATIENCE_S = 60.0


@dataclass
class Summary:
    """What was sent: messages by topic, spoilt ones by fault, and how many were made up or triggers."""

    sent: int = 0
    triggers: int = 0
    simulated: int = 0
    by_topic: Counter[str] = field(default_factory=Counter)
    spoilt: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, message: Message) -> None:
        """Count one message."""
        self.sent += 1
        self.triggers += message.trigger
        self.simulated += SIMULATED[0] in message.headers
        self.by_topic[message.topic] += 1
        if message.spoilt:
            self.spoilt[message.spoilt] += 1


class Player:
    """Plays messages through a kafka-python producer.

    `topic` gives a topic's full name. `delivered` is called in the producer's thread with each message, the monotonic time at which it was
    handed over, and its partition and offset.
    """

    def __init__(
        self,
        producer: Any,
        topic: Callable[[str], str],
        delivered: Callable[[Message, float, int, int], None] | None = None,
    ) -> None:
        self._producer, self._topic, self._delivered = producer, topic, delivered
        self._failure: Exception | None = None
        self.summary = Summary()

    def play(self, messages: Iterable[Message], *, rate: float = 0, duration_s: float | None = None, stop: threading.Event) -> None:
        """Send `messages`, `rate` a second (0: as fast as Kafka takes them), until they end, the time is up or `stop` is set.

        The time of each message is fixed beforehand, so that a slow send delays none after it: latencies measured against these times have
        no coordinated omission.

        Raises:
            BrokerUnavailable: Kafka did not take a message.
        """
        start = time.monotonic()
        for number, message in enumerate(messages):
            due = start + number / rate if rate else start
            if duration_s is not None and max(due, time.monotonic()) >= start + duration_s:
                break
            # Waiting for `stop` instead of sleeping: it ends the wait at once.
            if stop.wait(max(0.0, due - time.monotonic())) or self._failure:
                break
            self._send(message)
        self.flush()
        self.summary.seconds += time.monotonic() - start

    def flush(self) -> None:
        """Wait until Kafka has everything that was sent."""
        from kafka.errors import KafkaError

        try:
            self._producer.flush(FLUSH_PATIENCE_S)
        except KafkaError as exc:
            self._failure = exc
        if self._failure:
            raise BrokerUnavailable(f"Kafka did not take all messages: {self._failure!r}; look at the broker, and at `streamrec doctor`")

    def _send(self, message: Message) -> None:
        from kafka.errors import KafkaError

        moment = time.monotonic()
        try:
            future = self._producer.send(self._topic(message.topic), message.value, message.key, list(message.headers))
        except KafkaError as exc:
            self._failure = exc
            return
        # In the producer's thread: the next send or flush raises it in ours.
        future.add_errback(self._failed)
        if self._delivered is not None:
            future.add_callback(self._note, message, moment)
        self.summary.add(message)

    def _note(self, message: Message, moment: float, where: Any) -> None:
        assert self._delivered is not None
        self._delivered(message, moment, where.partition, where.offset)

    def _failed(self, exc: Exception) -> None:
        self._failure = exc
