"""The scenarios: each does harm to the workers of a trial as often as it is told, and waits until all is served again."""

from __future__ import annotations

import shutil
import signal
from contextlib import nullcontext
from functools import partial

from benchmarks.faults import disks
from benchmarks.faults.hooks import AT, CHECKPOINT, FULL, OPENING
from benchmarks.faults.scenario import Scenario
from benchmarks.faults.trial import Trial
from benchmarks.faults.waiting import until
from benchmarks.faults.workers import Worker
from streamrec.engine.exits import DISK_FULL

HOOK_S = 60.0


def kill(trial: Trial) -> None:
    """kill -9 of the only worker, which comes back with its disk."""
    worker = trial.crew.workers[0]
    for _ in range(trial.count):
        trial.sleep(0.4, 1.6)
        trial.inject()
        worker.kill()
        worker.start()
        trial.recover()


def wipe(trial: Trial) -> None:
    """kill -9, and the disk is lost with it; every second time also what the worker is known by in its group."""
    worker = trial.crew.workers[0]
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        trial.inject()
        worker.kill()
        worker.wipe(keep_instance=number % 2 == 0)
        worker.start()
        trial.recover()


def storm(trial: Trial) -> None:
    """kill -9 again and again, 0.4 to 4 s apart, often before the worker is open; some with the disk."""
    worker = trial.crew.workers[0]
    for _ in range(trial.count):
        trial.sleep(0.4, 4.0)
        trial.inject()
        worker.kill()
        if trial.random.random() < 0.3:
            worker.wipe(keep_instance=True)
        worker.start()
    trial.recover()


def checkpoint(trial: Trial) -> None:
    """kill -9 between two steps of a checkpoint, each step in turn."""
    _at_steps(trial, CHECKPOINT)


def opening(trial: Trial) -> None:
    """kill -9 inside an opening, at each step of it in turn."""
    _at_steps(trial, OPENING)


def _at_steps(trial: Trial, steps: tuple[str, ...]) -> None:
    worker = trial.crew.workers[0]
    first = trial.random.randrange(len(steps))
    for number in range(trial.count):
        step = steps[(first + number) % len(steps)]
        trial.sleep(0.8, 1.6)
        worker.kill()
        if step == "recovering" or trial.random.random() < 0.2:
            worker.wipe(keep_instance=True)
        worker.once = {AT: f"{step}:SIGKILL:{_passage(trial, step)}"}
        worker.start(hold=True)
        if until(lambda: not worker.alive, HOOK_S) and worker.code() == -signal.SIGKILL:
            trial.inject()
            worker.start()
            trial.recover()
        else:
            trial.fail(f"the worker did not end at the step {step} within {HOOK_S:g} s; its code is {worker.code()}")
            worker.kill()
            worker.start()


def _passage(trial: Trial, step: str) -> int:
    """At which passage of the step to strike: some pass for every partition and checkpoint, some once a second, one once."""
    return trial.random.randint(1, {"recovered": 1, "group-commit": 4, "group-committed": 4}.get(step, 6 if step in OPENING else 40))


def one_of_several(trial: Trial) -> None:
    """kill -9 of one of several workers, which comes back at once, after its partitions were given away, or without its disk."""
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        worker = trial.crew.workers[number % len(trial.crew.workers)]
        trial.inject()
        worker.kill()
        come_back(trial, worker)


def come_back(trial: Trial, worker: Worker) -> None:
    """Start a worker that was killed, at once or after its partitions were given away, with its disk or without."""
    if trial.random.random() < 0.3:
        worker.wipe(keep_instance=trial.random.random() < 0.5)
    if trial.random.random() < 0.5:
        worker.start()
        trial.recover()
    else:
        trial.recover()
        worker.start()
        trial.await_share(worker)


def joining(trial: Trial) -> None:
    """One more worker joins, and leaves again: told to, killed, or for good with its disk."""
    for number in range(trial.count // 2):
        trial.sleep(0.4, 1.6)
        trial.inject()
        guest = trial.hire() if len(trial.crew.workers) == 1 else trial.crew.workers[1]
        guest.start()
        trial.await_share(guest)
        trial.recover()
        trial.sleep(0.4, 1.6)
        trial.inject()
        if number % 2 == 0:
            trial.terminate(guest)
        else:
            guest.kill()
        if number % 3 == 2:
            guest.wipe(keep_instance=False)
        trial.recover()


def paused(trial: Trial) -> None:
    """A worker stands still for longer than its session, another takes over, and it wakes up believing that nothing has happened."""
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        worker = trial.crew.workers[number % len(trial.crew.workers)]
        trial.inject()
        worker.pause()
        trial.sleep(trial.settings.session_timeout_s + 1.5, trial.settings.session_timeout_s + 4)
        worker.resume()
        trial.recover()


def paused_inside(trial: Trial) -> None:
    """The same, but it stands still between two steps of a checkpoint, so that it wakes up in the middle of its writing."""
    worker = trial.crew.workers[0]
    first = trial.random.randrange(len(CHECKPOINT))
    for number in range(trial.count):
        step = CHECKPOINT[(first + number) % len(CHECKPOINT)]
        worker.kill()
        worker.once = {AT: f"{step}:SIGSTOP:{_passage(trial, step)}"}
        worker.start()
        if not until(lambda: worker.stopped, HOOK_S):
            trial.fail(f"the step {step} was not passed within {HOOK_S:g} s")
            continue
        trial.inject()
        trial.sleep(trial.settings.session_timeout_s + 1.5, trial.settings.session_timeout_s + 4)
        worker.resume()
        trial.recover()


def rolling(trial: Trial) -> None:
    """Restart one worker after the other by SIGTERM."""
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        worker = trial.crew.workers[number % len(trial.crew.workers)]
        trial.inject()
        trial.terminate(worker)
        worker.start()
        trial.recover()


def broker_killed(trial: Trial) -> None:
    """kill -9 of the broker, which starts again with its data."""
    for _ in range(trial.count):
        trial.sleep(0.4, 1.6)
        trial.inject()
        trial.kill_broker()
        trial.sleep(0.0, 3.0)
        trial.start_broker()
        trial.recover()


def broker_away(trial: Trial) -> None:
    """Broker and worker die, and the worker starts while the broker is away."""
    worker = trial.crew.workers[0]
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        trial.inject()
        worker.kill()
        trial.kill_broker()
        if number % 2:
            worker.wipe(keep_instance=True)
        worker.start()
        trial.sleep(1.0, 6.0)
        trial.start_broker()
        trial.recover()


def disk_full(trial: Trial) -> None:
    """The disk fills up: the worker ends with a code of its own, again and again, until there is room."""
    worker = trial.crew.workers[0]
    worker.kill()
    with disks.small_disk(worker.folder) as real:
        worker.start()
        for _ in range(trial.count):
            trial.sleep(1.0, 2.0)
            if not real:  # it takes rights to make a small disk
                worker.kill()
                worker.once = {FULL: str(trial.random.randint(1, 60))}
                worker.start()
            trial.inject()
            noticed = partial(lambda before: worker.exits[DISK_FULL] > before, worker.exits[DISK_FULL])
            with disks.ballast(worker.folder) if real else nullcontext():
                if not until(noticed, HOOK_S):
                    trial.fail(f"the worker did not notice its full disk within {HOOK_S:g} s")
            trial.recover()
        trial.finish()


def torn_log(trial: Trial) -> None:
    """kill -9, and the write-ahead log of every disk is cut, overwritten or gone, or the disk's table of contents is."""
    worker = trial.crew.workers[0]
    for number in range(trial.count):
        trial.sleep(1.0, 2.0)
        trial.inject()
        worker.kill()
        disks.tear(worker.folder, disks.WAYS[number % len(disks.WAYS)], trial.random)
        worker.start()
        trial.recover()


def older_disk(trial: Trial) -> None:
    """kill -9, and the data folder comes back from a copy made some time ago."""
    worker = trial.crew.workers[0]
    backup = worker.folder.with_name("backup")
    for number in range(trial.count):
        trial.sleep(0.4, 1.6)
        trial.inject()
        worker.kill()
        if number % 3:
            worker.wipe(keep_instance=False)
            shutil.copytree(backup, worker.folder)
        else:
            shutil.rmtree(backup, ignore_errors=True)
            shutil.copytree(worker.folder, backup)
        worker.start()
        trial.recover()


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("kill", kill, 25, quick=5),
        Scenario("wipe", wipe, 20, quick=3),
        Scenario("storm", storm, 30, quick=8),
        Scenario("checkpoint", checkpoint, 36, quick=4, hooked=True),
        Scenario("opening", opening, 20, quick=3, hooked=True),
        Scenario("raising", kill, 10, quick=1, cursed=True),
        Scenario("two", one_of_several, 14, quick=2, workers=2),
        Scenario("three", one_of_several, 12, workers=3),
        Scenario("joining", joining, 12),
        Scenario("paused", paused, 8, quick=1, workers=2),
        Scenario("paused_inside", paused_inside, 9, workers=2, hooked=True),
        Scenario("rolling", rolling, 12, quick=2, workers=2),
        Scenario("broker", broker_killed, 6),
        Scenario("away", broker_away, 6),
        Scenario("disk_full", disk_full, 6, hooked=True),
        Scenario("torn_log", torn_log, 12, quick=2),
        Scenario("older_disk", older_disk, 9),
    )
}
"""The scenarios of this module by their names."""
