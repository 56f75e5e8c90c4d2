"""One trial: topics of its own, events flowing all the time, workers to which a scenario does harm, and the check of all that came out."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kafka.errors import KafkaError

from benchmarks.faults.check import OUTPUTS, check
from benchmarks.faults.events import Mixture, catalogue
from benchmarks.faults.hooks import CURSED, FENCED
from benchmarks.faults.marks import behind, marks
from benchmarks.faults.past import Past
from benchmarks.faults.reader import Reader, Unreadable, committed, delete_topics
from benchmarks.faults.result import Result
from benchmarks.faults.traffic import Traffic
from benchmarks.faults.truth import Truth, truth
from benchmarks.faults.waiting import until
from benchmarks.faults.watch import Watch
from benchmarks.faults.workers import HOOKED, PLAIN, Crew, Worker
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.engine import exits
from streamrec.errors import StreamrecError
from streamrec.kafka import topics
from streamrec.settings import Settings

SOURCES = ("views", "purchases", "danmaku", "erasures", "items")
PARTITIONS = 4
START_S, SERVED_S, SETTLE_S, COMMIT_S = 120.0, 120.0, 180.0, 20.0
"""A machine that other work keeps busy takes many times as long as an idle one."""
PAUSE_S = 0.25
FORESEEN = frozenset({0, -9, exits.STALLED, exits.FENCED, exits.DISK_FULL, exits.KAFKA})
"""Exit codes that faults may have; any other one is a fault of the worker."""


class Trial:
    """What a scenario works with. `random` is its dice, `count` how many injections it should make."""

    traffic: Traffic
    watch: Watch

    def __init__(self, scenario: str, seed: int, count: int, broker: Any, settings: Settings, rate: float, model: bool) -> None:
        self.result = Result(scenario, seed)
        self.random = random.Random(seed)
        self.count = count
        self.broker = broker
        self.settings = settings
        self.rate = rate
        self.crew = Crew()
        self.past = Past()
        self.environment: dict[str, str] = {} if model else {"STREAMREC_SCORING": "off", "STREAMREC_UNDERSTANDING": "rules"}
        self.foreseen: frozenset[int] = FORESEEN
        self._outputs: Reader | None = None
        self._began = time.monotonic()
        self._open: float | None = None
        self._finished = False

    def start(self, workers: int, hooked: bool = False, cursed: bool = False) -> None:
        """Make the topics, start workers and events, and wait until every partition is served."""
        topics.create(self.settings)
        ts = int(time.time() * 1000)
        self.traffic = Traffic(self.settings, iter(Mixture(self.result.seed, ts, cursed)), self.rate)
        self.traffic.send(catalogue(ts))
        self.watch = Watch(self.settings)
        if cursed:
            self.environment[CURSED] = "1"
        self._module = HOOKED if hooked or cursed else PLAIN
        began = time.time()
        for _ in range(workers):
            self.hire()
        self.traffic.start()
        if self.watch.wait_served(began, START_S) is None:
            raise TrialFailed(f"no lists within {START_S:g} s of the start; {self.logs()}")

    def hire(self) -> Worker:
        """One more worker."""
        return self.crew.add(Worker(self.settings, "abcdefgh"[len(self.crew.workers)], self.environment, self._module))

    def inject(self) -> float:
        """Note that a fault happens now."""
        self.result.injections += 1
        self._open = time.time()
        return self._open

    def start_broker(self) -> None:
        """Start the broker again; the time of recovery is counted from its first answer."""
        self.broker.start()
        self._open = time.time()

    def recover(self) -> None:
        """Wait until every partition has had a new list since the last fault; the time from fault to list is kept."""
        assert self._open is not None, "there was no fault"
        served = self.watch.wait_served(self._open, SERVED_S)
        if served is None:
            self.fail(f"not served again within {SERVED_S:g} s")
        else:
            self.result.recoveries_s.append(round(served - self._open, 3))
        self._open = None

    def await_share(self, worker: Worker) -> None:
        """Wait until a worker that was just started has partitions of its own."""
        if not until(lambda: worker.opened() > 0, SERVED_S):
            self.fail(f"worker {worker.name} has no partitions {SERVED_S:g} s after its start")

    def terminate(self, worker: Worker) -> None:
        """Tell a worker to stop, which must end it with 0."""
        if code := worker.terminate():
            self.fail(f"worker {worker.name} ended with {code} when it was told to stop")

    def kill_broker(self) -> None:
        """kill -9 of the broker."""
        os.kill(self.broker.running().pid, signal.SIGKILL)
        until(lambda: self.broker.running() is None, SERVED_S)

    def fail(self, what: str) -> None:
        """Note a failure, with the ends of the workers' logs."""
        self.result.failures.append(f"after fault {self.result.injections}: {what}; {self.logs()}")

    def sleep(self, least_s: float, most_s: float) -> None:
        """Let some time pass."""
        time.sleep(self.random.uniform(least_s, most_s))

    def logs(self) -> str:
        """The ends of the workers' logs, for messages."""
        return "; ".join(f"the end of the log of {worker.name}:\n{worker.end_of_log()}" for worker in self.crew.workers)

    def finish(self) -> None:
        """End the events, let the workers come to the end, and check everything, unless that was done."""
        if self._finished:
            return
        self._finished = True
        self.traffic.stop()
        self.crew.gather()
        with self.reader(*SOURCES, "item-signals", "feedback") as sources:
            sources.catch_up()
            known = truth({name: sources.records[name] for name in SOURCES}, self.past)
            self._await_end(sources, self.outputs)
            self.result.commits_behind = self._commits_behind(sources.ends)
            self._judge(known, self.outputs)
            self.result.failures += [
                f"worker {name} ended with {code} when told to stop" for name, code in self.crew.leave().items() if code
            ]

    @property
    def outputs(self) -> Reader:
        """All that came out; it keeps what it has read, also when that is deleted."""
        if self._outputs is None:
            self._outputs = self.reader(*OUTPUTS)
        return self._outputs

    def reader(self, *names: str) -> Reader:
        """A reader of some topics."""
        return Reader(self.settings, names)

    def close(self) -> None:
        """Leave no process and no thread behind."""
        result, workers = self.result, self.crew.workers
        codes = self.crew.end()
        result.exits = {str(code): count for code, count in sorted(codes.items())}
        result.failures += [f"a worker ended with {code}; {self.logs()}" for code in sorted(codes.keys() - self.foreseen)]
        result.fenced_rows = sum(worker.log.read_text(errors="replace").count(FENCED) for worker in workers if worker.log.exists())
        if (watch := getattr(self, "watch", None)) is not None:
            watch.close()
        if (traffic := getattr(self, "traffic", None)) is not None:
            traffic.abandon()
        if self._outputs is not None:
            self._outputs.close()
        result.seconds = round(time.monotonic() - self._began, 1)

    def _await_end(self, sources: Reader, outputs: Reader) -> None:
        """Wait until the marks are at the end of their sources: then all is applied that will be."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            sources.catch_up()
            outputs.catch_up()
            late = behind(marks(outputs), sources.ends)
            if not late:
                return
            if time.monotonic() > deadline:
                self.fail(f"not all was applied within {SETTLE_S:g} s: {sorted(late)[:4]}")
                return
            time.sleep(PAUSE_S)

    def _commits_behind(self, ends: Mapping[tuple[str, int], int]) -> int:
        deadline = time.monotonic() + COMMIT_S
        while late := behind(committed(self.settings), ends):
            if time.monotonic() > deadline:
                self.result.failures.append(f"committed offsets are behind after {COMMIT_S:g} s: {sorted(late)}")
                break
            time.sleep(PAUSE_S)
        return len(late)

    def _judge(self, known: Truth, outputs: Reader) -> None:
        result, deadline = self.result, time.monotonic() + COMMIT_S
        while True:
            outputs.catch_up()
            result.verdict = check(known, outputs.records, self.settings.prefix)
            # The statistics of an item follow its row at their own interval, and so do the lists of a user while a worker is late.
            if not (result.verdict.stats_behind or result.verdict.lists_missing) or time.monotonic() > deadline:
                break
            time.sleep(PAUSE_S)
        result.events = known.events
        result.checked = True
        result.spoilt = {name: count for name, count in sorted(known.labels.items()) if name != "good"}
        if (kept := sum(known.labels.values())) < self.traffic.acknowledged:
            result.failures.append(f"the broker kept {kept} of {self.traffic.acknowledged} events that it had acknowledged")


class TrialFailed(Exception):
    """A trial could not be brought to its end."""


def conduct(trial: Trial, scenario: Any) -> Result:
    """Run a trial from its first topic to its last check; where it cannot be brought there, the result says why."""
    try:
        trial.environment |= scenario.environment
        trial.foreseen = FORESEEN | scenario.codes
        trial.start(scenario.workers, scenario.hooked, scenario.cursed)
        scenario.run(trial)
        trial.finish()
    except (TrialFailed, Unreadable, KafkaError, StreamrecError) as exc:
        trial.fail(f"{type(exc).__name__}: {exc}")
    finally:
        trial.close()
    return trial.result


def run(scenario: Any, seed: int, count: int, broker: EmbeddedBroker, bootstrap: str, folder: Path, rate: float, model: bool) -> Result:
    """Run a trial of a scenario on a broker that others share, and clean up behind it."""
    name = f"{scenario.name}-{seed}-{time.time_ns() // 1_000_000 % 10**9}"
    settings = Settings(
        broker=bootstrap, prefix=f"{name}.", app_id=name, partitions=scenario.partitions, data_dir=folder / name, session_timeout_s=6.0
    )
    broker.start()  # a trial may have left it dead
    result = conduct(scenario.trial(scenario.name, seed, count, broker, settings, rate, model), scenario)
    delete_topics(settings)
    shutil.rmtree(settings.data_dir)
    return result
