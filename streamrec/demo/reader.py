"""Reads lists, dead letters and what is said of rooms as they come, as a service would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from streamrec.kafka import clients
from streamrec.settings import Settings

POLL_MS = 100
JOIN_S = 10.0


Handler = Callable[[bytes, float], None]
"""Takes a record's value, and the monotonic time at which it was readable."""


class Reader:
    """A thread that hands the records of topics (named without the prefix) to their handlers."""

    def __init__(self, settings: Settings, handlers: Mapping[str, Handler]) -> None:
        self._settings = settings
        self._handlers = {settings.topic(name): handler for name, handler in handlers.items()}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(JOIN_S)

    def require_alive(self) -> None:
        """Raise the error that ended the thread, if one did."""
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            self._read()
        except Exception as exc:
            self.failure = exc

    def _read(self) -> None:
        # Without a group: the demo's reader must not be rebalanced, and reads from the beginning.
        consumer = KafkaConsumer(**clients.kafka_python(self._settings), auto_offset_reset="earliest", enable_auto_commit=False)
        try:
            assigned = [TopicPartition(topic, number) for topic in self._handlers for number in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(assigned)
            consumer.seek_to_beginning(*assigned)
            while not self._stop.is_set():
                batches = consumer.poll(timeout_ms=POLL_MS)
                moment = time.monotonic()
                for source, records in batches.items():
                    for record in records:
                        if record.value is not None:
                            self._handlers[source.topic](record.value, moment)
        finally:
            consumer.close()
