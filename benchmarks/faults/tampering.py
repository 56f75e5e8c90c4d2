"""What people do to topics under running workers: make them again, add partitions, delete the beginning of a changelog."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from benchmarks.faults.events import LABEL, Event
from benchmarks.faults.halting import HaltingTrial
from benchmarks.faults.marks import count_marks
from benchmarks.faults.past import SIGNALS
from benchmarks.faults.reader import admin
from benchmarks.faults.scenario import Scenario
from benchmarks.faults.trial import SERVED_S, TrialFailed
from benchmarks.faults.waiting import until
from streamrec.engine import exits

AGAIN = ("views", SIGNALS, "items")
KEYED = ("views", "purchases", "danmaku")
FAMILIES = ("user", "item")
COULD_NOT_START = 1
AHEAD = 200
REPAIR = "streamrec state repair"


def made_again(trial: HaltingTrial) -> None:
    """A topic is deleted and made again while events go on: nothing of the new one counts before its state is repaired."""
    first = trial.random.randrange(len(AGAIN))
    for number in range(trial.count):
        name = AGAIN[(first + number) % len(AGAIN)]
        trial.sleep(1.0, 3.0)
        trial.inject()
        # Signals come from the workers: only while they stand still is it known what they have sent to the old topic.
        standing = name == SIGNALS or trial.random.random() < 0.5
        records = trial.make_again(name, standing, trial.random.choice((0.0, trial.random.uniform(0.0, 4.0))))
        if name == "items":
            trial.await_halt("start the worker again")
            trial.judge_halt(name, records)
        else:
            trial.await_halt(REPAIR)
            trial.must_refuse(REPAIR)
            trial.judge_halt(name, records)
            trial.repair({"source"} if name == SIGNALS else {"source", "fences"})
        trial.go_on(name, records)
        trial.recover()


def partitions(trial: HaltingTrial) -> None:
    """A keyed topic gets more partitions, and producers use them: nothing that came since is saved, and all of it is sent again later."""
    for number in range(trial.count):
        name = KEYED[number % len(KEYED)]
        trial.sleep(1.0, 3.0)
        trial.hold()
        with trial.traffic.still(reconnect=True):
            ends = trial.ends(name)
            trial.inject()
            with admin(trial.settings) as client:
                client.create_partitions({trial.settings.topic(name): trial.settings.partitions + trial.random.choice((1, 2, 4))})
        trial.traffic.hurry(AHEAD)
        trial.await_halt("streamrec topics describe")
        trial.must_refuse("delete the topic", COULD_NOT_START)
        with trial.reader(name) as old, trial.traffic.still(reconnect=True):
            old.catch_up()
            records = old.records[name]
            trial.delete(name)
            trial.operate("topics", "create")
        trial.must_refuse(REPAIR)
        trial.judge_halt(name, records)
        late = {number for (topic, number), at in trial.past.marks.items() if topic == name and at > ends.get(number, 0)}
        if late:
            trial.fail(f"events of {name} that came after partitions were added were counted in {sorted(late)}")
        trial.repair({"source", "fences"})
        trial.go_on(name, records)
        counted = {number: at for (topic, number), at in trial.past.marks.items() if topic == name}
        trial.traffic.send([_again(name, record) for record in records if record.offset >= counted.get(record.partition, 0)])
        trial.recover()


def _again(name: str, record: Any) -> Event:
    return Event(name, record.key, record.value, next(value for header, value in record.headers if header == LABEL))


def truncated(trial: HaltingTrial) -> None:
    """The beginning of the changelogs is deleted; then kill -9, and the disk is kept, lost, or replaced by one from before.

    Only a kept disk has what was deleted: without it the worker must refuse, and go on once it is given back.
    """
    worker = trial.crew.workers[0]
    before, aside = worker.folder.with_name("before"), worker.folder.with_name("aside")
    for number in range(trial.count):
        trial.sleep(1.0, 2.0)
        way = ("kept", "lost", "older")[number % 3]
        _truncate(trial)
        trial.inject()
        worker.kill()
        if way != "kept":
            known = _written(trial)
            disks = trial.random.sample(_disks(worker.folder), trial.random.randint(1, 3))
            for disk in disks:
                (aside / disk).parent.mkdir(parents=True, exist_ok=True)
                (worker.folder / disk).rename(aside / disk)
                if way == "older":
                    shutil.copytree(before / disk, worker.folder / disk)
            trial.must_refuse("give back the topic or the disk")
            if _written(trial) != known:
                trial.fail(f"a worker that refused a changelog without its beginning wrote to it; its disk was {way}")
            for disk in disks:
                shutil.rmtree(worker.folder / disk)
                (aside / disk).rename(worker.folder / disk)
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(worker.folder, before)
        refused = worker.exits[exits.STATE]
        trial.resume()
        trial.recover()
        if worker.exits[exits.STATE] > refused + (way != "kept"):
            trial.fail(f"the worker has refused its own disk; its disk was {way}")


def _truncate(trial: HaltingTrial) -> None:
    """Delete all that has been read here of the changelogs, and wait until the disk is beyond that."""
    trial.outputs.catch_up()
    names = [trial.settings.topic(f"{family}-changelog") for family in FAMILIES]
    with admin(trial.settings) as client:
        for policy in ("delete", "compact"):
            for name in names:
                client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": policy})])
            if policy == "delete":  # Kafka deletes no records of a topic that is only compacted
                ends = {(trial.settings.topic(name), number): end for (name, number), end in trial.outputs.ends.items()}
                client.delete_records({TopicPartition(*place): end for place, end in ends.items() if place[0] in names})
    marks = count_marks(trial.outputs)

    def beyond() -> bool:
        trial.outputs.catch_up()
        return all(count >= marks[place] + 2 for place, count in count_marks(trial.outputs).items())

    # Each checkpoint writes the changelog before the disk: the last one may be missing there, but not the one before.
    if not until(beyond, SERVED_S):
        raise TrialFailed(f"not every partition was saved twice within {SERVED_S:g} s")


def _written(trial: HaltingTrial) -> int:
    trial.outputs.catch_up()
    return sum(len(trial.outputs.records[f"{family}-changelog"]) for family in FAMILIES)


def _disks(folder: Path) -> list[Path]:
    """The disks of a worker, as paths within its folder."""
    return [disk.relative_to(folder) for family in FAMILIES for disk in sorted((folder / family).glob("*"))]


TAMPERING = {
    one.name: one
    for one in (
        Scenario("made_again", made_again, 9, quick=3, workers=2, codes=frozenset({exits.STATE}), trial=HaltingTrial),
        Scenario("partitions", partitions, 6, quick=2, workers=2, codes=frozenset({exits.STATE, COULD_NOT_START}), trial=HaltingTrial),
        Scenario("truncated", truncated, 9, quick=3, codes=frozenset({exits.STATE}), trial=HaltingTrial),
    )
}
"""The scenarios of this module by their names."""
