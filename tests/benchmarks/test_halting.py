"""Trials with halts: a worker that ends otherwise than it should, or a repair that does other than it says, is noticed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults import halting
from benchmarks.faults.halting import HaltingTrial
from benchmarks.faults.marks import behind, count_marks, marks
from benchmarks.faults.trial import TrialFailed
from streamrec.engine import exits
from streamrec.engine.store.mark import MARK, Mark, encode
from streamrec.settings import Settings
from tests.benchmarks.shop import Record


class Outputs:
    """What was read of the changelogs; `catch_up` adds what comes."""

    def __init__(self, *position: int) -> None:
        self.records: dict[str, list[Record]] = {"user-changelog": [], "item-changelog": []}
        self._coming = list(position)
        self.catch_up()

    def catch_up(self) -> None:
        if self._coming:
            mark = Mark({"shop.item-signals": self._coming.pop(0)}, {}, {})
            self.records["item-changelog"].append(Record("item-changelog", 1, 0, MARK, encode(mark), []))

    def close(self) -> None: ...


class Worker:
    """One that has ended, or has not."""

    def __init__(self, code: int | None, said: str = "") -> None:
        self.name, self.hold = "a", False
        self._code, self._said = code, said

    @property
    def alive(self) -> bool:
        return self._code is None

    def code(self) -> int | None:
        return self._code

    def end_of_log(self) -> str:
        return self._said

    def start(self, hold: bool = False) -> None: ...


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[HaltingTrial]:
    made = HaltingTrial("made_again", 0, 1, None, Settings(prefix="shop.", data_dir=tmp_path), 1.0, False)
    yield made
    made.crew.workers.clear()
    made.crew.end()


def with_worker(trial: HaltingTrial, worker: Worker) -> HaltingTrial:
    worker.hold = True
    trial.crew.workers.append(worker)  # type: ignore[arg-type]
    return trial


def test_a_worker_that_ends_with_its_code_and_advice_is_no_failure(trial: HaltingTrial) -> None:
    with_worker(trial, Worker(exits.STATE, "run `streamrec state repair`"))
    trial.await_halt("state repair")
    trial.must_refuse("state repair")
    assert trial.result.failures == []


@pytest.mark.parametrize("worker", [Worker(exits.FAULT, "state repair"), Worker(exits.STATE, "start it again")], ids=["code", "advice"])
def test_another_code_or_advice_is_a_failure(trial: HaltingTrial, worker: Worker) -> None:
    with_worker(trial, worker)
    trial.await_halt("state repair")
    trial.must_refuse("state repair")
    assert len(trial.result.failures) == 2


def test_a_worker_that_goes_on_ends_the_trial(trial: HaltingTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halting, "HALT_S", 0.0)
    with_worker(trial, Worker(None))
    with pytest.raises(TrialFailed, match="go on"):
        trial.await_halt("state repair")
    with pytest.raises(TrialFailed, match="does not fit together"):
        trial.must_refuse("state repair")


def repaired(trial: HaltingTrial, monkeypatch: pytest.MonkeyPatch, told: int, kind: str = "source", done: bool = True) -> list[str]:
    """The failures after a repair that has passed over 7 signals, and says what is given."""
    problems = [{"kind": kind, "records": None}, {"kind": "fences", "records": told}]
    monkeypatch.setattr(trial, "operate", lambda *command: json.dumps({"problems": problems, "repaired": done}))
    trial._outputs = Outputs(5, 12)  # type: ignore[assignment]
    trial.repair({"source", "fences"})
    return trial.result.failures


def test_a_repair_that_does_what_it_says_is_no_failure(trial: HaltingTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repaired(trial, monkeypatch, told=7) == []


@pytest.mark.parametrize("wrong", [{"told": 6}, {"told": 7, "kind": "beginning"}, {"told": 7, "done": False}])
def test_a_repair_that_does_other_than_it_says_is_a_failure(
    trial: HaltingTrial, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    assert len(repaired(trial, monkeypatch, **wrong)) == 1


def test_marks_say_how_far_each_partition_is() -> None:
    outputs: Any = Outputs(5, 12)
    outputs.catch_up()
    assert marks(outputs) == {("item-signals", 1): 12}
    assert count_marks(outputs) == {("item", 1): 2}
    assert behind(marks(outputs), {("item-signals", 1): 13, ("item-signals", 0): 0, ("items", 0): 9}) == {("item-signals", 1)}
