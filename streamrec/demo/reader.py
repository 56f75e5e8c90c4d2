"""Reads lists and dead letters as they come, as a service would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from streamrec.demo.ledger import Cause, Ledger
from streamrec.events.codec import decode_list
from streamrec.events.types import Recommendation
from streamrec.kafka import clients
from streamrec.settings import Settings

POLL_MS = 100
JOIN_S = 10.0


class Reader:
    """A thread that feeds a ledger from `recommendations` and `dead-letters`, and shows each new list."""

    def __init__(self, settings: Settings, ledger: Ledger, show: Callable[[Recommendation, Cause], None]) -> None:
        self._settings, self._ledger, self._show = settings, ledger, show
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
        lists, dead = self._settings.topic("recommendations"), self._settings.topic("dead-letters")
        # Without a group: the demo's reader must not be rebalanced, and reads from the beginning.
        consumer = KafkaConsumer(**clients.kafka_python(self._settings), auto_offset_reset="earliest", enable_auto_commit=False)
        try:
            partitions = {topic: consumer.partitions_for_topic(topic) or () for topic in (lists, dead)}
            assigned = [TopicPartition(topic, number) for topic, numbers in partitions.items() for number in numbers]
            consumer.assign(assigned)
            consumer.seek_to_beginning(*assigned)
            while not self._stop.is_set():
                batches = consumer.poll(timeout_ms=POLL_MS)
                moment = time.monotonic()
                for source, records in batches.items():
                    for record in records:
                        if source.topic == dead:
                            self._ledger.dead_letter_read()
                            continue
                        ranked = decode_list(record.value)
                        self._show(ranked, self._ledger.list_read(ranked, moment))
        finally:
            consumer.close()
