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

from msgspec import field

from streamrec.contract.idle import Idle
from streamrec.contract.memory import Memory
from streamrec.contract.pieces import WorkerPieces
from streamrec.contract.processor import Outcome, Part, Shard
from streamrec.contract.records import Inbound, Outbound
from streamrec.settings import Settings, load
from streamrec.worker.worker import run_worker


class Count:
    """A row: how many events, and the sum of their amounts."""

    __slots__ = ("events", "total")

    def __init__(self, events: int = 0, total: int = 0) -> None:
        self.events = events
        self.total = total


class Counted(Memory):
    """How many events were counted, and the items whose counts wait to be sent."""

    seen: int = 0
    waiting: dict[str, int] = field(default_factory=dict)


CountShard = Shard[Count, Counted]


class CountUsers:
    """Counts per user; `erasures` delete the row, `{"boom": true}` raises, whatever is not JSON becomes a dead letter."""

    memory = Counted

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def process(self, parts: Sequence[Part[Count, Counted]]) -> list[Outcome]:
        return [self.count(part.shard, part.records) for part in parts]

    def count(self, shard: CountShard, records: Sequence[Inbound]) -> Outcome:
        outcome, rows = Outcome(), shard.rows
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
            shard.memory.seen += 1
            place = f"{record.topic}-{record.partition}-{record.offset}"
            answer = json.dumps({"id": place, "events": row.events, "total": row.total, "at": event.get("at")}).encode()
            outcome.records.append(Outbound(self._settings.topic("recommendations"), record.key, answer, [("ce_id", place.encode())]))
            if "item" in event:
                outcome.records.append(Outbound(self._settings.topic("item-signals"), event["item"].encode(), b'{"amount": 1}'))
            outcome.counts["applied"] += 1
        return outcome

    def waits(self, shard: CountShard) -> bool:
        return bool(shard.memory.waiting)

    def tick(self, shard: CountShard, now_ms: int) -> Outcome:
        return Outcome()

    def pack(self, row: Count) -> bytes:
        return struct.pack("<Bqq", 1, row.events, row.total)

    def unpack(self, raw: bytes) -> Count:
        return Count(*struct.unpack("<Bqq", raw)[1:])


class CountItems(CountUsers):
    """Counts per item, and writes what has changed to item-stats when it is time."""

    def count(self, shard: CountShard, records: Sequence[Inbound]) -> Outcome:
        outcome, rows = Outcome(), shard.rows
        for record in records:
            assert record.key is not None
            row = rows.get(record.key) or Count()
            row.events += 1
            rows.put(record.key, row)
            shard.memory.waiting[record.key.decode()] = row.events
            outcome.counts["applied"] += 1
        return outcome

    def tick(self, shard: CountShard, now_ms: int) -> Outcome:
        waiting, shard.memory.waiting = shard.memory.waiting, {}
        topic = self._settings.topic("item-stats")
        return Outcome(saved=[Outbound(topic, item.encode(), str(events).encode()) for item, events in waiting.items()])


class Catalogue(Idle):
    """Follows the items, in a dictionary, and says that it is a model."""

    def __init__(self, settings: Settings) -> None:
        self.topics = (settings.topic("items"),)
        self.items: dict[bytes, bytes | None] = {}

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        for record in records:
            assert record.key is not None
            self.items[record.key] = record.value

    def warm(self) -> None:
        if "LINGER" in os.environ:
            threading.Thread(target=threading.Event().wait).start()
        while "WARM_UNTIL" in os.environ and not Path(os.environ["WARM_UNTIL"]).exists():
            time.sleep(0.05)

    def model(self) -> dict[str, str]:
        return {"name": "count"}


def pieces(settings: Settings) -> WorkerPieces:
    """Both counters, and a catalogue that is only a dict."""
    catalogue = Catalogue(settings)
    return WorkerPieces(CountUsers(settings), CountItems(settings), follower=catalogue, gauges=catalogue)


if __name__ == "__main__":
    run_worker(load(), pieces)
