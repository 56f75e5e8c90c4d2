"""Trials in which the workers must end, since their topics are not what they were, and go on after somebody has looked after that."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection
from typing import Any

from benchmarks.faults.check import Verdict, check, latest, waiting
from benchmarks.faults.events import catalogue
from benchmarks.faults.marks import marks
from benchmarks.faults.past import SIGNALS, Generation
from benchmarks.faults.reader import admin
from benchmarks.faults.trial import SOURCES, Trial, TrialFailed
from benchmarks.faults.truth import truth
from benchmarks.faults.waiting import until
from benchmarks.faults.workers import Worker
from streamrec.engine import exits
from streamrec.kafka import topics

HALT_S = 120.0
GONE_S = 60.0
MOST_AHEAD = 6000
QUIET_S = 0.5
"""So long after they were stopped no request of the workers is under way any more."""


class HaltingTrial(Trial):
    """A trial with halts: all workers have ended with the code of a state that does not fit together."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._wrong = Verdict()

    def finish(self) -> None:
        """Check everything; what was wrong at the halts counts, too."""
        super().finish()
        self.result.verdict.add(self._wrong)

    def delete(self, name: str) -> None:
        """Delete a topic and wait until it is gone."""
        full = self.settings.topic(name)
        with admin(self.settings) as client:
            client.delete_topics([full])
        if not until(lambda: {one.state for one in topics.describe(self.settings) if one.topic == full} == {"missing"}, GONE_S):
            raise TrialFailed(f"{full} is not gone {GONE_S:g} s after it was deleted")

    def ends(self, name: str) -> dict[int, int]:
        """Up to where a topic goes, by partition."""
        with self.reader(name) as reader:
            reader.catch_up()
            return {number: end for (_, number), end in reader.ends.items()}

    def operate(self, *arguments: str) -> str:
        """Run a command of streamrec as an operator would, which must succeed; what it prints."""
        done = self.crew.workers[0].command(*arguments)
        if done.returncode:
            raise TrialFailed(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout} {done.stderr}")
        return done.stdout

    def make_again(self, name: str, standing: bool, gap_s: float) -> list[Any]:
        """Delete a topic under the workers and make it anew after some seconds, while events go on; the records that it had.

        With `standing` the workers stand still at the moment of the deletion, so that the records are all that they ever sent to it.
        """
        with self.reader(name) as old, self.traffic.still():
            self.hold()
            if standing:
                for worker in self.crew.workers:
                    worker.pause()
                time.sleep(QUIET_S)
            old.catch_up()
            self.delete(name)
            if not gap_s:
                self._make(name)
        if gap_s:
            self._wake()
            time.sleep(gap_s)
            self._make(name)
        # There are events again at the positions to which the workers have come, and which they go on to ask for.
        self.traffic.hurry(min(MOST_AHEAD, 3 * len(old.records[name])))
        self._wake()
        return old.records[name]

    def _wake(self) -> None:
        for worker in self.crew.workers:
            if worker.alive:
                worker.resume()

    def hold(self) -> None:
        """Whoever ends from now on is not started again."""
        for worker in self.crew.workers:
            worker.hold = True

    def await_halt(self, advice: str) -> None:
        """Wait until all workers have ended with the code of a state that does not fit together, and said what to do."""
        if not until(lambda: not any(worker.alive for worker in self.crew.workers), HALT_S):
            raise TrialFailed(f"the workers go on {HALT_S:g} s after they should have ended; {self.logs()}")
        for worker in self.crew.workers:
            self._require_refusal(worker, advice, exits.STATE)

    def must_refuse(self, advice: str, code: int = exits.STATE) -> None:
        """Start the first worker, which must end in the same way, before anybody has looked after the state."""
        worker = self.crew.workers[0]
        worker.start(hold=True)
        if not until(lambda: not worker.alive, HALT_S):
            raise TrialFailed(f"worker {worker.name} runs on a state that does not fit together; {self.logs()}")
        self._require_refusal(worker, advice, code)

    def judge_halt(self, name: str, records: list[Any]) -> None:
        """What is saved must be exactly what the marks say; `records` are those of a topic that was made again."""
        self.outputs.catch_up()
        at = marks(self.outputs)
        with self.reader(*(one for one in (*SOURCES, SIGNALS) if one != name)) as sources:
            sources.catch_up()
            read = sources.records | {name: records}
        self.past.halt(read[SIGNALS], at)
        verdict = check(truth({one: read[one] for one in SOURCES}, self.past, until=at), self.outputs.records, self.settings.prefix)
        verdict.lists_repeated = 0  # they are counted at the end
        verdict.details = [f"at the halt after fault {self.result.injections}: {detail}" for detail in verdict.details]
        self._wrong.add(verdict)
        self.past.waiting |= waiting(latest(self.outputs.records["user-changelog"]), self.settings.prefix)

    def go_on(self, name: str, records: list[Any]) -> None:
        """Start all workers, after whatever had to be done about the topic that was made again, with the records that it had."""
        self.outputs.catch_up()
        counted = {number: float(at) for (topic, number), at in self.past.marks.items() if topic == name}
        if name == "items":  # which no mark speaks of: all of it was read at the start
            counted = {0: math.inf}
        new_signals = None
        if name == SIGNALS:
            with self.reader(name) as reader:
                reader.catch_up()
                new_signals = reader.records[name]
        self.past.go_on(marks(self.outputs), new_signals)
        if name not in topics.ITEM_SOURCES:
            self.past.end(name, Generation(records, counted, self.outputs.ends))
        self.resume()

    def resume(self) -> None:
        """Start all workers; the time of recovery is counted from here."""
        self._open = time.time()
        self.crew.gather()

    def repair(self, kinds: Collection[str]) -> None:
        """Run `streamrec state repair`, which must find problems of these kinds, and mend them all; what it gives up is what it says."""
        before = marks(self.outputs)
        printed = self.operate("state", "repair", "--yes", "--json")
        answer = json.loads(printed)
        found = {problem["kind"] for problem in answer["problems"]}
        if not found or found - set(kinds) or not answer["repaired"]:
            self.fail(f"state repair has mended {sorted(found)} and not just {sorted(kinds)}: {printed}")
        self.outputs.catch_up()
        after = marks(self.outputs)
        skipped = sum(max(0, at - before.get(one, 0)) for one, at in after.items() if one[0] == SIGNALS)
        told = sum(problem["records"] or 0 for problem in answer["problems"] if problem["kind"] == "fences")
        if "fences" in kinds and skipped != told:
            self.fail(f"state repair says that it gives up {told} signals, and has passed over {skipped}: {printed}")

    def _require_refusal(self, worker: Worker, advice: str, code: int) -> None:
        if worker.code() != code or advice not in worker.end_of_log():
            self.fail(f"worker {worker.name} ended with {worker.code()} instead of {code}, or does not advise {advice!r}")

    def _make(self, name: str) -> None:
        topics.create(self.settings)
        if name == "items":
            self.traffic.send(catalogue(int(time.time() * 1000)))
