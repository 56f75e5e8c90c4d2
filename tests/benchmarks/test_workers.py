"""The processes of a trial, and their supervisor."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faults.waiting import until
from benchmarks.faults.workers import Crew, Worker
from streamrec.settings import Settings
from tests.patience import PATIENCE_S


@pytest.fixture
def crew() -> Iterator[Crew]:
    made = Crew()
    yield made
    made.end()


@pytest.fixture
def worker(crew: Crew, tmp_path: Path) -> Worker:
    """A worker that runs, once it has stopped itself at its third breath."""
    made = crew.add(Worker(Settings(data_dir=tmp_path), "a", {}, "tests.benchmarks.sleeper"))
    assert until(lambda: made.stopped, PATIENCE_S)
    made.resume()
    return made


def test_whoever_ends_is_started_again_and_its_code_is_kept(crew: Crew, worker: Worker) -> None:
    first = worker.process
    assert first is not None
    first.kill()
    assert until(lambda: worker.alive and worker.process is not first, PATIENCE_S)
    assert worker.exits == {-signal.SIGKILL: 1}


def test_whoever_is_held_stays_away_until_all_are_gathered(crew: Crew, worker: Worker) -> None:
    worker.kill()
    assert worker.hold
    assert not worker.alive
    crew.gather()
    assert until(lambda: worker.alive, PATIENCE_S)


def test_a_process_stands_still_between_two_steps_and_goes_on(worker: Worker) -> None:
    worker.pause()
    assert until(lambda: worker.stopped, PATIENCE_S)
    worker.resume()
    assert until(lambda: not worker.stopped, PATIENCE_S)
    assert worker.terminate() == 0


def test_it_is_told_to_stop_once_it_can_hear(crew: Crew, worker: Worker) -> None:
    worker.kill()
    worker.start()
    assert until(lambda: worker.stopped, PATIENCE_S)
    worker.resume()
    assert worker.opened() == 1, "what it said before counts no longer"
    assert crew.leave() == {"a": 0}
    assert crew.end() == {-signal.SIGKILL: 1, 0: 1}


def test_a_wiped_folder_keeps_what_the_worker_is_known_by_if_asked(crew: Crew, worker: Worker) -> None:
    worker.kill()
    worker.folder.mkdir()
    for name in ("instance", "rows"):
        (worker.folder / name).write_text("a")
    worker.wipe(keep_instance=True)
    assert [file.name for file in worker.folder.iterdir()] == ["instance"]
    worker.wipe(keep_instance=False)
    assert not worker.folder.exists()


def test_complaints_are_told_before_the_end_of_the_log(tmp_path: Path) -> None:
    worker = Worker(Settings(data_dir=tmp_path), "a", {})
    assert worker.end_of_log() == ""
    lines = ["error: too late", *(f'{{"event": "{number}", "level": "info"}}' for number in range(9))]
    worker.log.write_text("\n".join(lines))
    assert worker.end_of_log().splitlines() == [lines[0], *lines[-4:]]
