"""Partitions that move: storms of workers that come and go while disks open, deaths amid a rebalance, disks that are left behind."""

from __future__ import annotations

import itertools
import time
from functools import partial
from pathlib import Path

from kafka import KafkaAdminClient

from benchmarks.faults.events import erasure_of, view_of
from benchmarks.faults.hooks import SLOW
from benchmarks.faults.reader import admin
from benchmarks.faults.scenario import Scenario
from benchmarks.faults.scenarios import come_back
from benchmarks.faults.trial import SERVED_S, Trial
from benchmarks.faults.waiting import until
from benchmarks.faults.workers import EXIT_S, Worker
from streamrec.engine.store.shelf import rows_on_disk
from streamrec.settings import Settings

SIZES = (2, 4, 8, 1)
SLOW_S = 2.0
LOST_DISK_S = 1.0
PEOPLE = 16
REBALANCING = {"PreparingRebalance", "CompletingRebalance"}


def joins(trial: Trial) -> None:
    """From one worker to two, four and eight and back, one every second or sooner: told to stop, or killed; some are back at once."""
    sizes = itertools.cycle(SIZES)
    while trial.result.injections < trial.count:
        size = next(sizes)
        while len(running := _running(trial)) != size and trial.result.injections < trial.count:
            trial.sleep(0.0, 1.0)
            trial.inject()
            if len(running) < size:
                _join(trial)
            else:
                _leave(trial.random.choice(running), told=trial.random.random() < 0.5)
        trial.recover()


def _running(trial: Trial) -> list[Worker]:
    return [worker for worker in trial.crew.workers if not worker.hold]


def _ended(trial: Trial) -> list[Worker]:
    return [worker for worker in trial.crew.workers if worker.hold and not worker.alive]


def _join(trial: Trial) -> None:
    """One that left comes back, some without their disks, or a new one comes."""
    if not _ended(trial):
        if len(trial.crew.workers) < max(SIZES):
            trial.hire()
            return
        if not until(lambda: bool(_ended(trial)), EXIT_S):
            trial.fail(f"none of the workers that were told to stop has ended within {EXIT_S:g} s")
            return
    worker = trial.random.choice(_ended(trial))
    if trial.random.random() < 0.3:
        worker.wipe(keep_instance=trial.random.random() < 0.5)
    worker.start()


def _leave(worker: Worker, told: bool) -> None:
    if not (told and worker.ask_to_stop()):
        worker.kill()


def amid(trial: Trial) -> None:
    """kill -9 of one of three workers, amid a rebalance that a fourth one has caused: it joins, is told to stop, or dies."""
    with admin(trial.settings) as client:
        for number in range(trial.count):
            trial.sleep(0.4, 1.6)
            guest = trial.crew.workers[3] if len(trial.crew.workers) > 3 else None
            victim = trial.random.choice(trial.crew.workers[:3])
            if guest is None:
                guest = trial.hire()
            elif number % 2 == 0:
                guest.start()
            else:
                _leave(guest, told=number % 4 == 1)
            if not until(partial(_rebalancing, client, trial.settings), SERVED_S):
                trial.fail(f"no rebalance within {SERVED_S:g} s of a worker's coming or going")
                return
            trial.sleep(0.0, 1.0)
            trial.inject()
            victim.kill()
            come_back(trial, victim)
            trial.await_share(victim)
            if number % 2 == 0:
                trial.await_share(guest)
            elif not until(lambda one=guest: not one.alive, EXIT_S):  # type: ignore[misc]
                trial.fail(f"worker {guest.name} runs {EXIT_S:g} s after it was told to stop")


def _rebalancing(client: KafkaAdminClient, settings: Settings) -> bool:
    found = client.describe_groups([settings.app_id])[settings.app_id]
    return found["group_state"] in REBALANCING


def leftovers(trial: Trial) -> None:
    """Partitions move to a second worker and back, while the disks that are left are deleted, and people are erased amid it.

    In the end every partition has one disk, and none has a row of somebody who was erased.
    """
    first, second = trial.crew.workers
    for number in range(trial.count):
        people = [f"gone-{number}-{one}" for one in range(PEOPLE)]
        mover = (second, second, first, first)[number % 4]
        now = int(time.time() * 1000)
        trial.traffic.send([view_of(one, now) for one in people])
        trial.sleep(0.0, 2.0)
        trial.inject()
        if number % 2:
            mover.start()
        elif trial.random.random() < 0.5:
            trial.terminate(mover)
        else:
            mover.kill()
        trial.traffic.send([erasure_of(one, now) for one in people[::2]])
        if number % 2:
            trial.await_share(mover)
        trial.recover()
        trial.traffic.send([erasure_of(one, now) for one in people[1::2]])
        trial.sleep(0.0, 3 * LOST_DISK_S)
    trial.crew.gather()
    if not until(lambda: len(_disks(trial)) == trial.settings.partitions, SERVED_S):
        trial.fail(f"there are the disks {_disks(trial)} after {SERVED_S:g} s, and not one for each partition")
    trial.finish()
    back = {key for folder in _disks(trial) for key in rows_on_disk(folder) if key.count(b"-") == 2 and key.startswith(b"gone-")}
    if back:
        trial.result.verdict.erased_present += len(back)
        trial.fail(f"{sorted(back)[:4]} were erased, and are on a disk")


def _disks(trial: Trial) -> list[Path]:
    """The disks of users, those that are about to be deleted included."""
    return [folder for worker in trial.crew.workers for folder in (worker.folder / "user").glob("*")]


REBALANCES = {
    one.name: one
    for one in (
        Scenario("joins", joins, 28, quick=14, partitions=8, hooked=True, environment={SLOW: f"{SLOW_S:g}"}),
        Scenario("amid", amid, 12, quick=4, workers=3),
        Scenario("leftovers", leftovers, 12, quick=4, workers=2, environment={"STREAMREC_LOST_DISK_S": f"{LOST_DISK_S:g}"}),
    )
}
"""The scenarios of this module by their names."""
