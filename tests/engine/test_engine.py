"""What the engine makes of an assignment that is not whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types.tuples import TP

from streamrec.engine import engine as module
from streamrec.engine.engine import Engine
from streamrec.errors import StateMismatch
from streamrec.settings import load

WHOLE = frozenset(TP(topic, number) for topic in ("views", "orders") for number in (0, 1))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INCOMPLETE_S", 0.01)


class Bench:
    """An engine without Kafka: `opened` are the numbers that it wanted opened."""

    def __init__(self, folder: Path, confirm: Any) -> None:
        self.opened: set[int] = set()
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

    async def ask(self, asked: Any) -> None:
        pass

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
