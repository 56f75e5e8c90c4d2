"""Watches the lists as they come, to know when every partition is served again."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from benchmarks.faults.check import decode_list
from streamrec.kafka import clients
from streamrec.settings import Settings

POLL_S = 0.1
LOOK_BACK = 10_000


class Watch:
    """A thread that reads the recommendations and remembers per partition when each new list was made, and when it could be read."""

    def __init__(self, settings: Settings) -> None:
        full = settings.topic("recommendations")
        self._partitions = [TopicPartition(full, number) for number in range(settings.partitions)]
        self._consumer = KafkaConsumer(
            enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100, **clients.kafka_python(settings)
        )
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning(*self._partitions)
        self._lists: dict[int, list[tuple[float, float]]] = defaultdict(list)
        self._seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def served_since(self, moment: float) -> float | None:
        """When every partition had a new list to read that was made after `moment` (seconds since the epoch); None until then."""
        firsts = [next((read for made, read in self._lists[one.partition][-LOOK_BACK:] if made > moment), None) for one in self._partitions]
        known = [at for at in firsts if at is not None]
        return max(known) if len(known) == len(firsts) else None

    def wait_served(self, moment: float, patience_s: float) -> float | None:
        """Wait for that; None when patience ended."""
        deadline = time.monotonic() + patience_s
        while (at := self.served_since(moment)) is None and time.monotonic() < deadline:
            assert self._thread.is_alive(), "the watch has ended; its thread has said why"
            time.sleep(POLL_S)
        return at

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                got = self._consumer.poll(timeout_ms=int(1000 * POLL_S))
            except KafkaError:  # a broker that is away is part of the trial
                self._stop.wait(POLL_S)
                continue
            for partition, records in got.items():
                self._note(partition.partition, records)

    def _note(self, partition: int, records: list[Any]) -> None:
        now = time.time()
        for record in records:
            list_id = decode_list(record.value).list_id
            if list_id not in self._seen:
                self._seen.add(list_id)
                self._lists[partition].append((record.timestamp / 1000, now))
