"""What the engine makes of an assignment, and when it asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types.tuples import TP

from streamrec.engine import engine as module
from streamrec.engine.engine import Engine
from streamrec.engine.guard import Guard
from streamrec.errors import StateMismatch
from streamrec.settings import load
from tests.engine.support import until
from tests.patience import PATIENCE_S

WHOLE = frozenset(TP(topic, number) for topic in ("views", "orders") for number in (0, 1))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INCOMPLETE_S", 0.01)


class Paused(SimpleNamespace):
    """A partition that rests until the group has decided."""

    __hash__ = object.__hash__


class Bench:
    """An engine without Kafka: `opened` are the numbers that it wanted opened."""

    def __init__(self, folder: Path, confirm: Any) -> None:
        self.opened: set[int] = set()
        self.closes = asyncio.Event()
        self.rejoined = False
        core = SimpleNamespace()
        metrics = SimpleNamespace(partitions=SimpleNamespace(labels=lambda name: SimpleNamespace(set=lambda count: None)))
        tools = SimpleNamespace(core=core, metrics=metrics, confirm=confirm)
        family = SimpleNamespace(name="user", sources=("views", "orders"))
        self.engine = Engine(load(data_dir=folder), [cast("Any", family)], cast("Any", tools), cast("Any", self), {})
        self.engine.consumer = cast("Any", SimpleNamespace(_thread=self))

    async def open(self, wanted: Any, register: Any, thread: Any) -> list[Any]:
        self.opened |= {number for _, number in wanted}
        await asyncio.Event().wait()
        return []

    async def close(self, partition: Any) -> None:
        await self.closes.wait()

    async def ask(self, asked: Any) -> None:
        pass

    def has(self, number: int) -> Any:
        """A partition that was open before the group decided anew."""
        guard = Guard()
        guard.next = {"views": 0, "orders": 0}
        partition = Paused(family=self.engine._families[0], number=number, guard=guard, open=False, torn=False)
        self.engine._partitions["user", number] = cast("Any", partition)
        self.engine._keepers[cast("Any", partition)] = asyncio.create_task(asyncio.Event().wait())
        return partition

    def rejoin(self) -> None:
        self.rejoined = True

    def move(self, places: Any) -> None:
        pass

    def wake(self) -> None:
        pass


def test_partitions_of_which_topics_are_missing_are_left_closed_and_a_fault_when_the_topics_are_all_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async def confirm() -> None:
            pass

        bench = Bench(tmp_path, confirm)
        bench.engine.assign(WHOLE - {TP("orders", 1)}, 1)
        with pytest.raises(StateMismatch, match=r"only some topics of partition 1"):
            await bench.engine.failure
        assert bench.opened == {0}
        assert bench.rejoined

    asyncio.run(scenario())


def test_a_topic_that_is_gone_is_no_matter_of_versions(tmp_path: Path) -> None:
    async def scenario() -> None:
        async def confirm() -> None:
            raise StateMismatch("views was deleted")

        bench = Bench(tmp_path, confirm)
        bench.engine.assign(WHOLE - {TP("views", 0), TP("views", 1)}, 1)
        with pytest.raises(StateMismatch, match="views was deleted"):
            await bench.engine.failure
        assert not bench.rejoined

    asyncio.run(scenario())


def test_a_whole_assignment_that_follows_soon_is_all_that_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        seen = asyncio.Event()
        bench = Bench(tmp_path, seen.wait)
        bench.engine.assign(WHOLE - {TP("orders", 1)}, 1)
        bench.engine.assign(WHOLE, 2)
        seen.set()
        await asyncio.sleep(0.1)
        assert not bench.engine.failure.done()

    asyncio.run(scenario())


def test_what_we_keep_goes_on_while_what_we_lost_is_still_closing(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path, asyncio.Event().wait)
        kept, lost = bench.has(0), bench.has(1)
        bench.engine.assign(frozenset(tp for tp in WHOLE if tp.partition == 0), 1)
        await _true(lambda: kept.open)
        assert bench.engine.opening()
        assert bench.engine.partition(TP("views", 1)) is None
        bench.closes.set()
        await _true(lambda: not bench.engine.opening())
        assert not lost.open

    asyncio.run(scenario())


def test_a_closing_partition_is_closed_before_the_engine_rests(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path, asyncio.Event().wait)
        bench.has(1)
        bench.engine.assign(frozenset(), 1)
        await _true(lambda: not bench.engine._partitions)
        pausing = asyncio.create_task(bench.engine.pause())
        done, _ = await asyncio.wait([pausing], timeout=0.05)
        assert not done
        bench.closes.set()
        await asyncio.wait_for(pausing, PATIENCE_S)

    asyncio.run(scenario())


def test_a_torn_partition_is_opened_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        bench = Bench(tmp_path, asyncio.Event().wait)
        bench.closes.set()
        bench.has(0).torn = True
        bench.engine.assign(WHOLE, 1)
        await _true(lambda: bench.opened == {0, 1})

    asyncio.run(scenario())


@pytest.mark.parametrize("others", [False, True])
def test_whoever_joins_others_can_serve_by_then(others: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "others_serve", lambda settings, instance: others and instance == "us")

    async def scenario() -> None:
        engine = Bench(tmp_path, asyncio.Event().wait).engine
        biding = asyncio.create_task(engine.bide("us"))
        await _true(lambda: engine.biding or biding.done())
        assert engine.biding == others
        engine.gate.set()
        await asyncio.wait_for(biding, PATIENCE_S)
        assert not engine.biding

    asyncio.run(scenario())


async def _true(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, condition, "the engine")
