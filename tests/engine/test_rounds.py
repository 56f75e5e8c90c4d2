"""Which batches are applied together, and that each is applied once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import cast

import pytest
from faust.types.tuples import TP

from streamrec.contract.memory import Memory
from streamrec.contract.processor import Outcome, Part, Shard
from streamrec.contract.records import Inbound, Outbound, Record
from streamrec.engine import rounds as module
from streamrec.engine.guard import Batch, Cursor
from streamrec.engine.outbox import Outbox, Sent
from streamrec.engine.partition import Family, Partition, Tools
from streamrec.engine.rounds import Rounds
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.memory import MemoryStore
from streamrec.engine.store.table import Budget
from streamrec.observe.metrics import Metrics
from streamrec.system.clock import now_ms
from streamrec.system.core import Core
from tests.engine.support import until

PARTITIONS = 3
NOW = now_ms()
"""The clock of rounds stands still: on a busy machine records would wait longer than a test says."""


class Seen(Memory):
    """How many records were seen."""

    seen: int = 0


class Adding:
    """Rows are lists of the offsets that were applied; each call takes `takes_s` a record, and raises on offsets in `bad`."""

    memory = Seen

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.takes_s = 0.0
        self.bad: set[int] = set()

    def process(self, parts: Sequence[Part[list[int], Seen]]) -> list[Outcome]:
        self.calls.append([len(part.records) for part in parts])
        found = []
        for part in parts:
            rows = part.shard.rows
            part.shard.memory.seen += len(part.records)
            for record in part.records:
                row = rows.get(b"row") or []
                row.append(record.offset)
                if record.offset in self.bad:
                    raise ValueError("bad")
                rows.put(b"row", row)
            found.append(Outcome([Outbound("lists", b"row", b"%d" % record.offset) for record in part.records]))
        return found

    def waits(self, shard: Shard[list[int], Seen]) -> bool:
        return False

    def tick(self, shard: Shard[list[int], Seen], now_ms: int) -> Outcome:
        return Outcome()

    def pack(self, row: list[int]) -> bytes:
        return b",".join(b"%d" % offset for offset in row)

    def unpack(self, raw: bytes) -> list[int]:
        return [int(offset) for offset in raw.split(b",")]


class Kept:
    """An outbox that keeps what is sent."""

    def __init__(self) -> None:
        self.records: list[Outbound] = []

    async def send(self, records: Sequence[Outbound]) -> Sent:
        self.records += records
        return []


class Bench:
    """Rounds over open partitions without Kafka."""

    def __init__(self) -> None:
        self.processor, self.outbox, self.core = Adding(), Kept(), Core()
        self.tools = Tools(self.core, cast(Outbox, self.outbox), Metrics(""), 1_000_000, "dead-letters")
        family = Family("user", ("views", "danmaku"), "log", self.processor)
        self.partitions = [
            Partition(family, number, cast(Changelog, None), MemoryStore(), Budget(1_000_000)) for number in range(PARTITIONS)
        ]
        for partition in self.partitions:
            partition.open = True
            for topic in family.sources:
                partition.guard.expect(topic, Cursor(1, 0))
        self.settled: list[TP] = []
        self.gaps: list[tuple[int, str]] = []
        self.rounds = Rounds(family, self.tools, lambda tp: self.partitions[tp.partition], self.settled.append, self._gap, lambda: False)

    async def _gap(self, partition: Partition, topic: str) -> None:
        self.gaps.append((partition.number, topic))

    def run(self) -> None:
        """Until nothing waits any more, and the last round is over."""

        async def rounds() -> None:
            task = asyncio.create_task(self.rounds.run())
            over = False
            while not over:
                await asyncio.to_thread(until, lambda: not self.rounds._waiting, "the rounds")
                for partition in self.partitions:
                    async with partition.lock:
                        pass
                over = not self.rounds._waiting
            task.cancel()

        asyncio.run(rounds())

    def rows(self, number: int) -> list[int]:
        return self.partitions[number].find(lambda rows: rows.get(b"row")) or []

    def close(self) -> None:
        self.core.stop()
        for partition in self.partitions:
            partition.disk.close()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "now_ms", lambda: NOW)
    made = Bench()
    yield made
    made.close()


def _batch(partition: int, start: int, end: int, topic: str = "views", waited_ms: int = 0) -> Batch:
    at = NOW - waited_ms
    records: list[Inbound] = [Record(topic, partition, offset, at, b"row", b"", ()) for offset in range(start, end)]
    return Batch(topic, partition, 1, start, end, records)


def test_slow_work_is_done_together_in_equal_shares_of_what_others_leave(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.rounds._pace, "learn", lambda records, seconds: None)
    bench.rounds._pace._record_s = 0.010
    for number, size in enumerate((20, 3, 7)):
        bench.rounds.put(_batch(number, 0, size, waited_ms=150))
    bench.run()
    assert bench.processor.calls[0] == [6, 3, 6], "150 ms of work, a third of it for each, and what the second leaves for both others"
    assert [bench.rows(number) for number in range(PARTITIONS)] == [list(range(size)) for size in (20, 3, 7)]
    assert sorted(bench.settled) == [TP("views", 0), TP("views", 1), TP("views", 2)]
    assert len(bench.outbox.records) == 30


def test_two_topics_of_one_partition_share_a_round_its_rows_and_its_memory(bench: Bench) -> None:
    bench.rounds._pace._record_s = 0.001
    bench.rounds.put(_batch(0, 0, 2))
    bench.rounds.put(_batch(1, 0, 1))
    bench.rounds.put(_batch(0, 0, 3, "danmaku"))
    bench.run()
    assert bench.processor.calls[0] == [2, 1, 3]
    assert bench.rows(0) == [0, 1, 0, 1, 2]
    assert bench.partitions[0].memory.seen == 5
    assert bench.partitions[0].guard.next == {"views": 2, "danmaku": 3}
    assert bench.tools.metrics.records.labels("danmaku")._value.get() == 3


def test_where_one_of_two_topics_has_a_gap_the_other_is_applied(bench: Bench) -> None:
    bench.rounds.put(_batch(0, 1, 4))
    bench.rounds.put(_batch(0, 0, 2, "danmaku"))
    bench.run()
    assert (bench.gaps, bench.rows(0)) == ([(0, "views")], [0, 1])
    assert bench.partitions[0].guard.next == {"views": 0, "danmaku": 2}


def test_quick_work_is_done_in_pieces_that_fit_the_cache(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rounds._pace.learn(1000, 0.001)
    monkeypatch.setattr(bench.rounds._pace, "learn", lambda records, seconds: None)
    bench.rounds.put(_batch(0, 0, 600))
    bench.run()
    assert bench.processor.calls == [[256], [256], [88]]
    assert bench.rows(0) == list(range(600))
    assert bench.partitions[0].memory.seen == 600


def test_a_record_that_raises_becomes_a_dead_letter_and_leaves_no_trace(bench: Bench) -> None:
    bench.processor.bad = {4}
    for number in range(PARTITIONS):
        bench.rounds.put(_batch(number, 0, 3 + 3 * number))
    bench.run()
    assert [bench.rows(number) for number in range(PARTITIONS)] == [[0, 1, 2], [0, 1, 2, 3, 5], [0, 1, 2, 3, 5, 6, 7, 8]]
    assert [partition.memory.seen for partition in bench.partitions] == [3, 5, 8]
    assert [record.topic for record in bench.outbox.records].count("dead-letters") == 2
    assert [partition.guard.next["views"] for partition in bench.partitions] == [3, 6, 9]


def test_a_gap_is_told_and_nothing_behind_it_applied(bench: Bench) -> None:
    bench.rounds.put(_batch(0, 1, 4))
    bench.rounds.put(_batch(1, 0, 2))
    bench.run()
    assert (bench.gaps, bench.rows(0), bench.rows(1)) == ([(0, "views")], [], [0, 1])
    assert sorted(bench.settled) == [TP("views", 0), TP("views", 1)]


def test_what_was_dropped_while_a_round_runs_does_not_come_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.rounds._pace, "learn", lambda records, seconds: None)
    bench.rounds._pace._record_s = 0.010
    bench.rounds.put(_batch(0, 0, 50))
    process = bench.processor.process

    def drop_meanwhile(parts: Sequence[Part[list[int], Seen]]) -> list[Outcome]:
        bench.rounds.drop(TP("views", 0))
        return process(parts)

    monkeypatch.setattr(bench.processor, "process", drop_meanwhile)
    bench.run()
    assert len(bench.processor.calls) == 1
    assert bench.settled == [], "whoever dropped it knows"


def test_who_is_behind_does_more_at_once_within_bounds(bench: Bench) -> None:
    bench.rounds._pace._record_s = 0.001
    shares = [bench.rounds._share([_batch(0, 0, 600, waited_ms=waited)]) for waited in (0, 100, 300, 60_000)]
    assert shares[0] == int(1000 * module.LEAST_S)
    assert shares[1] == pytest.approx(100, abs=20)
    assert shares[2] == pytest.approx(300, abs=20)
    assert shares[3] == int(1000 * module.MOST_S)
