"""What an engine does by the clock: what is lost is fetched again, and what stands still ends the process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types.tuples import TP

from streamrec.engine import upkeep as module
from streamrec.engine.flight import LOST_AFTER_S, Flight
from streamrec.engine.upkeep import Upkeep
from streamrec.errors import Stalled
from tests.patience import PATIENCE_S

VIEWS = TP("views", 0)


class Bench:
    """An engine with one partition, without Kafka; a minute of its upkeep takes some milliseconds."""

    def __init__(self, folder: Path) -> None:
        self.settings = SimpleNamespace(stall_timeout_s=0.05, data_dir=folder, lost_disk_s=0.02)
        self.tools, self.thread, self.joined, self.biding = SimpleNamespace(), self, True, False
        self.ticks = 0
        self.again: list[str] = []
        self.committed = 0
        self.answers = True
        self.stuck = False
        family = SimpleNamespace(sources=("views",))
        self.one = SimpleNamespace(number=0, open=True, family=family, label="user/0", tick=self.tick)
        self.flight = Flight()
        partitions = {("user", 0): cast(Any, self.one)}
        self.upkeep = Upkeep(cast(Any, self), partitions, self.flight, cast(Any, self), ["user"])

    async def tick(self, tools: object) -> None:
        self.ticks += 1
        if self.stuck:
            await asyncio.Event().wait()

    def partition(self, tp: TP) -> Any:
        return self.one

    async def fetch_again(self, partition: object, topic: str) -> None:
        self.again.append(topic)
        self.flight.end([VIEWS])

    async def commit(self, partitions: object, thread: object) -> None:
        self.committed += 1

    def answered(self, tps: object) -> float | None:
        return time.monotonic() if self.answers else None

    def opening(self) -> int:
        return 0

    async def run(self, until: Any) -> None:
        """Until something is so, or the upkeep ends by itself."""
        task = asyncio.create_task(self.upkeep.run())
        deadline = time.monotonic() + PATIENCE_S
        while not until() and not task.done() and time.monotonic() < deadline:  # noqa: ASYNC110 - conditions have no event
            await asyncio.sleep(0.001)
        if task.done():
            task.result()
        task.cancel()
        assert until()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in ("TICK_S", "COMMIT_S", "HEAL_S", "LISTEN_S", "TIDY_S"):
        monkeypatch.setattr(module, name, 0.002)
    return Bench(tmp_path)


def test_partitions_tick_and_the_group_is_told(bench: Bench) -> None:
    asyncio.run(bench.run(lambda: bench.ticks > 3 and bench.committed > 3))
    assert bench.again == []


def test_what_was_lost_on_its_way_is_fetched_again_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.flight.begin(VIEWS)
    bench.flight._since[VIEWS] -= LOST_AFTER_S
    asyncio.run(bench.run(lambda: bool(bench.again) and bench.ticks > 9))
    assert bench.again == ["views"]


def test_a_partition_that_does_not_move_ends_the_process(bench: Bench) -> None:
    bench.stuck = True
    with pytest.raises(Stalled, match="user/0 has not moved"):
        asyncio.run(bench.run(lambda: False))


def test_a_kafka_that_does_not_answer_ends_the_process(bench: Bench) -> None:
    bench.answers = False
    with pytest.raises(Stalled, match="neither to fetches nor"):
        asyncio.run(bench.run(lambda: False))
    assert bench.upkeep.silence_s() > bench.settings.stall_timeout_s


def test_the_disk_of_a_partition_that_another_worker_has_is_deleted(bench: Bench) -> None:
    own, others = bench.settings.data_dir / "user" / "0", bench.settings.data_dir / "user" / "1"
    for folder in (own, others):
        folder.mkdir(parents=True)
    asyncio.run(bench.run(lambda: not others.exists() and not (others.parent / "1.left").exists()))
    assert own.is_dir()
