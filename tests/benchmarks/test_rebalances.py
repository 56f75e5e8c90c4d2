"""Storms of workers: how many run at each crest, and that disks are slow to open."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.faults import hooks
from benchmarks.faults.rebalances import joins
from streamrec.engine.store.disk import Disk


class Worker:
    """One that starts and ends at once."""

    def __init__(self, heard: bool) -> None:
        self.hold = False
        self.ways: list[str] = []
        self._heard = heard

    @property
    def alive(self) -> bool:
        return not self.hold

    def start(self) -> None:
        self.hold = False
        self.ways.append("start")

    def kill(self) -> None:
        self.hold = True
        self.ways.append("kill")

    def ask_to_stop(self) -> bool:
        self.hold = self._heard
        self.ways.append("ask" if self._heard else "unheard")
        return self._heard

    def wipe(self, keep_instance: bool) -> None:
        assert self.hold
        self.ways.append("wipe")


class Trial:
    """A trial in which nothing takes any time."""

    def __init__(self, count: int, heard: bool = True) -> None:
        self.count, self.random, self.result = count, random.Random(1), SimpleNamespace(injections=0)
        self.crew = SimpleNamespace(workers=[Worker(heard)])
        self.crests: list[int] = []
        self.failures: list[str] = []
        self._heard = heard

    def sleep(self, least_s: float, most_s: float) -> None:
        assert most_s <= 1.0

    def inject(self) -> None:
        self.result.injections += 1

    def hire(self) -> None:
        self.crew.workers.append(Worker(self._heard))

    def recover(self) -> None:
        self.crests.append(sum(worker.alive for worker in self.crew.workers))

    def fail(self, what: str) -> None:
        self.failures.append(what)


def test_one_worker_becomes_two_four_and_eight_and_one_again() -> None:
    trial: Any = Trial(28)
    joins(trial)
    assert trial.crests == [2, 4, 8, 1, 2, 4, 8, 1]
    assert (trial.result.injections, trial.failures, len(trial.crew.workers)) == (28, [], 8)
    assert {"start", "kill", "ask", "wipe"} == {way for worker in trial.crew.workers for way in worker.ways}


def test_a_worker_that_cannot_be_told_to_stop_yet_is_killed() -> None:
    trial: Any = Trial(14, heard=False)
    joins(trial)
    assert trial.crests == [2, 4, 8, 1]


def test_a_storm_ends_with_its_injections() -> None:
    trial: Any = Trial(5)
    joins(trial)
    assert (trial.crests, trial.result.injections) == ([2, 4, 6], 5)


def test_a_disk_is_slow_before_it_is_open_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bool] = []
    monkeypatch.setattr(Disk, "_open", Disk._open)
    monkeypatch.setattr(hooks.time, "sleep", lambda seconds: opened.append((tmp_path / "0" / "CURRENT").exists()))
    hooks.install_slow_open(2.0)
    Disk(tmp_path / "0").close()
    assert opened == [False, True]
