"""Partitions are fenced before they are read, a few at a time, and none is left open by an opening that was given up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types.tuples import TP

from streamrec.engine import opening
from streamrec.engine.opening import OPEN_AT_ONCE, Opener
from streamrec.engine.partition import Family, Partition
from streamrec.errors import StateMismatch
from streamrec.settings import Settings
from streamrec.system.core import Core

FAMILY = Family("user", ("views",), "user-changelog", cast(Any, SimpleNamespace(memory=dict)))


class Thread:
    """The consumer's thread, with what the group has committed."""

    def __init__(self, committed: int | None = None) -> None:
        self.committed = committed

    async def ask(self, work: Any) -> Any:
        return await work

    async def committed_offsets(self, tps: Sequence[TP]) -> dict[TP, int | None]:
        return dict.fromkeys(tps, self.committed)


class Bench:
    """Opens partitions whose changelogs and recovery only note that they were called."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[str] = []
        self.made: list[Partition] = []
        self.opening, self.most, self.recovered = 0, 0, True
        bench = self

        class Changelog:
            def __init__(self, settings: Settings, family: str, topic: str, number: int) -> None:
                self.name = f"{family}/{number}"

            async def open(self) -> None:
                bench.opening += 1
                bench.most = max(bench.most, bench.opening)
                await asyncio.sleep(0)
                bench.opening -= 1
                bench.steps.append(f"fenced {self.name}")

            async def close(self) -> None:
                bench.steps.append(f"closed {self.name}")

        async def recover(settings: Settings, partitions: Sequence[Partition], *others: Any) -> None:
            bench.steps.append(f"read {len(partitions)}")
            for partition in partitions:
                partition.saved = cast(Any, object()) if bench.recovered else None

        monkeypatch.setattr(opening, "Changelog", Changelog)
        monkeypatch.setattr(opening, "recover", recover)
        self.core = Core()
        self.opener = Opener(Settings(data_dir=folder), self.core, {}, {})

    def run(self, numbers: Sequence[int], thread: Thread) -> None:
        async def main() -> None:
            try:
                await self.opener.open([(FAMILY, number) for number in numbers], self.made.append, cast(Any, thread))
            finally:
                while self.made:
                    await self.opener.close(self.made.pop())

        asyncio.run(main())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_all_are_fenced_before_any_is_read(bench: Bench) -> None:
    bench.run(range(3), Thread())
    assert sorted(bench.steps[:3]) == ["fenced user/0", "fenced user/1", "fenced user/2"]
    assert bench.steps[3] == "read 3"


def test_only_a_few_are_opened_at_once(bench: Bench) -> None:
    bench.run(range(3 * OPEN_AT_ONCE), Thread())
    assert f"read {3 * OPEN_AT_ONCE}" in bench.steps
    assert bench.most <= OPEN_AT_ONCE


def test_a_group_that_has_read_without_a_changelog_is_a_mismatch(bench: Bench) -> None:
    bench.recovered = False
    bench.run(range(1), Thread(committed=0))
    with pytest.raises(StateMismatch, match="has read views/1 before, but its changelog is empty"):
        bench.run(range(1, 2), Thread(committed=5))


def test_each_is_known_before_it_is_complete_so_that_it_can_be_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*others: Any) -> None:
        raise RuntimeError("killed amid recovery")

    monkeypatch.setattr(opening, "recover", fail)
    with pytest.raises(RuntimeError, match="amid recovery"):
        bench.run(range(2), Thread())
    assert {"closed user/0", "closed user/1"} <= set(bench.steps)
