"""Tiny processors for the engine's tests: rows count what was applied, records say what came out."""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from streamrec.contract.processor import Memory, Outcome, Part
from streamrec.contract.records import Inbound, Outbound, Rows
from streamrec.settings import Settings, load
from streamrec.worker.worker import WorkerPieces, run_worker


class Count:
    """A row: how many events, and the sum of their amounts."""

    __slots__ = ("events", "total")

    def __init__(self, events: int = 0, total: int = 0) -> None:
        self.events = events
        self.total = total


class CountUsers:
    """Counts per user; `erasures` delete the row, `{"boom": true}` raises, whatever is not JSON becomes a dead letter."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def process(self, parts: Sequence[Part[Count]]) -> list[Outcome]:
        return [self.count(part.rows, part.memory, part.records) for part in parts]

    def count(self, rows: Rows[Count], memory: Memory, records: Sequence[Inbound]) -> Outcome:
        outcome = Outcome()
        for record in records:
            assert record.key is not None
            if record.topic.endswith("erasures"):
                rows.delete(record.key)
                outcome.counts["erased"] += 1
                continue
            try:
                event = json.loads(record.value or b"")
            except ValueError:
                outcome.records.append(Outbound(self._settings.topic("dead-letters"), record.key, record.value, [("why", b"not JSON")]))
                outcome.counts["dead_letter"] += 1
                continue
            if event.get("boom"):
                raise RuntimeError("boom")
            if "sleep" in event:
                print("asleep", file=sys.stderr, flush=True)
                time.sleep(event["sleep"])
            row = rows.get(record.key) or Count()
            row.events += 1
            row.total += event["amount"]
            rows.put(record.key, row)
            memory["seen"] = memory.get("seen", 0) + 1
            place = f"{record.topic}-{record.partition}-{record.offset}"
            answer = json.dumps({"id": place, "events": row.events, "total": row.total, "at": event.get("at")}).encode()
            outcome.records.append(Outbound(self._settings.topic("recommendations"), record.key, answer, [("ce_id", place.encode())]))
            if "item" in event:
                outcome.records.append(Outbound(self._settings.topic("item-signals"), event["item"].encode(), b'{"amount": 1}'))
            outcome.counts["applied"] += 1
        return outcome

    def waits(self, memory: Memory) -> bool:
        return bool(memory.get("waiting"))

    def tick(self, rows: Rows[Count], memory: Memory, now_ms: int) -> Outcome:
        return Outcome()

    def pack(self, row: Count) -> bytes:
        return struct.pack("<Bqq", 1, row.events, row.total)

    def unpack(self, raw: bytes) -> Count:
        return Count(*struct.unpack("<Bqq", raw)[1:])


class CountItems(CountUsers):
    """Counts per item, and writes what has changed to item-stats when it is time."""

    def count(self, rows: Rows[Count], memory: Memory, records: Sequence[Inbound]) -> Outcome:
        outcome = Outcome()
        for record in records:
            assert record.key is not None
            row = rows.get(record.key) or Count()
            row.events += 1
            rows.put(record.key, row)
            memory.setdefault("waiting", {})[record.key.decode()] = row.events
            outcome.counts["applied"] += 1
        return outcome

    def tick(self, rows: Rows[Count], memory: Memory, now_ms: int) -> Outcome:
        waiting = memory.pop("waiting", {})
        topic = self._settings.topic("item-stats")
        return Outcome(saved=[Outbound(topic, item.encode(), str(events).encode()) for item, events in waiting.items()])


def pieces(settings: Settings) -> WorkerPieces:
    """Both counters, and a catalogue that is only a dict."""
    catalogue: dict[bytes, bytes | None] = {}

    def apply(topic: str, records: Sequence[Inbound]) -> None:
        for record in records:
            assert record.key is not None
            catalogue[record.key] = record.value

    def warm() -> None:
        if "LINGER" in os.environ:
            threading.Thread(target=threading.Event().wait).start()
        while "WARM_UNTIL" in os.environ and not Path(os.environ["WARM_UNTIL"]).exists():
            time.sleep(0.05)

    return WorkerPieces(
        user=CountUsers(settings),
        item=CountItems(settings),
        broadcast={settings.topic("items"): apply},
        warm=warm,
        info=lambda: {"name": "count"},
    )


if __name__ == "__main__":
    run_worker(load(), pieces)
