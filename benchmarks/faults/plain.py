"""The control: the faults of the campaign on plain Faust, which is known not to come through them.

    python -m benchmarks.faults.plain --kills 5 --json

A harness that finds nothing wrong here is blind. Events, faults, supervisor and time-outs are those of the campaign; only the worker
is another (`plain_worker`), and the check, as a table of Faust holds one count per user and no more.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.faults.check import decode_list
from benchmarks.faults.events import GOOD, Event
from benchmarks.faults.reader import Reader, committed
from benchmarks.faults.scenarios import SCENARIOS
from benchmarks.faults.traffic import Traffic
from benchmarks.faults.trial import COMMIT_S, PARTITIONS, SETTLE_S, Result, Trial
from benchmarks.faults.watch import Watch
from benchmarks.faults.workers import Worker
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note
from streamrec.kafka import topics
from streamrec.settings import Settings

MODULE = "benchmarks.faults.plain_worker"
SUITABLE = tuple(name for name, one in SCENARIOS.items() if not one.hooked and not one.cursed)
"""Scenarios that need nothing from inside the worker."""

USERS = 2000
"""So many that an event lost and another counted twice seldom meet in one count."""

SILENCE_S = 15.0


class PlainTrial(Trial):
    """A trial whose workers are plain Faust."""

    def start(self, workers: int, hooked: bool = False, cursed: bool = False) -> None:
        """As with real workers, but all events are views."""
        topics.create(self.settings)
        self.traffic = Traffic(self.settings, views(self.result.seed, int(time.time() * 1000)), self.rate)
        self.watch = Watch(self.settings)
        began = time.time()
        for _ in range(workers):
            self.hire()
        self.traffic.start()
        if self.watch.wait_served(began, SETTLE_S) is None:
            self.fail("no lists after the start")

    def hire(self) -> Worker:
        """One more worker of plain Faust."""
        return self.crew.add(Worker(self.settings, "abcdefgh"[len(self.crew.workers)], {}, MODULE))

    def finish(self) -> None:
        """End the events, let the workers come to an end or stand still, and count."""
        self.traffic.stop()
        self.crew.gather()
        with Reader(self.settings, ["views", "recommendations", "user-changelog"]) as reader:
            self._await_silence(reader)
            judge(self.result, reader.records, self.settings.prefix)
            self.result.commits_behind = self._behind(reader.ends)

    def _await_silence(self, reader: Reader) -> None:
        began = moved = time.monotonic()
        before = -1
        while time.monotonic() - began < SETTLE_S and time.monotonic() - moved < SILENCE_S:
            reader.catch_up()
            found = sum(map(len, reader.records.values()))
            if found != before:
                before, moved = found, time.monotonic()
            time.sleep(0.5)

    def _behind(self, ends: Mapping[tuple[str, int], int]) -> int:
        deadline = time.monotonic() + COMMIT_S
        while True:
            at = committed(self.settings)
            behind = sum(at.get(one, 0) < end for one, end in ends.items() if one[0] == "views")
            if not behind or time.monotonic() > deadline:
                return behind
            time.sleep(0.5)


def views(seed: int, ts: int) -> Iterator[Event]:
    """An endless stream of views, each by a user drawn at random."""
    dice = random.Random(seed)
    while True:
        user = f"user-{dice.randrange(USERS)}"
        yield Event("views", user.encode(), json.dumps({"user_id": user, "ts": ts, "item_id": "item"}).encode(), GOOD.encode())


def judge(result: Result, records: Mapping[str, Iterable[Any]], prefix: str) -> None:
    """Compare what the table and the lists say with the events that were there."""
    sent = Counter(json.loads(record.value)["user_id"] for record in records["views"])
    triggers = {("views", record.partition, record.offset) for record in records["views"]}
    counted = {json.loads(record.key): json.loads(record.value) for record in records["user-changelog"]}
    heads = [decode_list(record.value) for record in records["recommendations"]]
    covered = {(topic.removeprefix(prefix), partition, offset) for head in heads for topic, partition, offset in head.covers}
    found = result.verdict
    found.lost = sum(max(0, number - counted.get(user, 0)) for user, number in sent.items())
    found.applied_twice = sum(max(0, counted.get(user, 0) - number) for user, number in sent.items())
    found.lists_missing = len(triggers - covered)
    found.lists_repeated = len(heads) - len({head.list_id for head in heads})
    result.events = len(triggers)


def control(name: str, seed: int, count: int, broker: EmbeddedBroker, bootstrap: str, folder: Path, rate: float) -> dict[str, Any]:
    """Run a scenario of the campaign on plain Faust; the result is the campaign's row, with the contender's name."""
    app = f"plain-{name}-{seed}-{time.time_ns() // 1_000_000 % 10**9}"
    settings = Settings(broker=bootstrap, prefix=f"{app}.", app_id=app, partitions=PARTITIONS, data_dir=folder / app, session_timeout_s=6.0)
    trial = PlainTrial(name, seed, count, broker, settings, rate, model=False)
    try:
        trial.start(SCENARIOS[name].workers)
        SCENARIOS[name].run(trial)
        trial.finish()
    finally:
        trial.close()
    return {"contender": "faust", **trial.result.row()}


def main() -> None:
    """Run one scenario on a broker of its own, and print what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5, help="how many faults (5)")
    parser.add_argument("--scenario", default="kill", choices=SUITABLE, help="which faults: kill -9 on the same disk, or another (kill)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=300.0, help="events per second (300)")
    parser.add_argument("--json", action="store_true", help="one line of JSON with all there is to know")
    options = parser.parse_args()
    with one_interrupt():
        folder = Path(tempfile.mkdtemp(prefix="streamrec-plain-"))
        try:
            (port,) = free_ports(1)
            broker = EmbeddedBroker(folder / "kafka", port, note)
            with broker as bootstrap:
                row = control(options.scenario, options.seed, options.kills, broker, bootstrap, folder, options.rate)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(row))
    else:
        for key in ("injections", "events", "lost", "applied_twice", "lists_missing", "lists_repeated", "commits_behind"):
            print(f"{key:>15} {row[key]:>8}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
