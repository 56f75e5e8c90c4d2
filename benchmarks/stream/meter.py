"""How fast lists come out, and how much processor time goes into them."""

from __future__ import annotations

import bisect
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.stream.cluster import Ends
from benchmarks.stream.processes import ContenderProcess
from streamrec.errors import Stalled

SAMPLE_S = 0.05
FIRST_PATIENCE_S = 90.0
NEXT_PATIENCE_S = 30.0


class Sample(NamedTuple):
    """At a monotonic time: the lists that exist, and the processor time used so far, in seconds."""

    at: float
    lists: int
    cpu_s: float


@dataclass(frozen=True)
class Rates:
    """Between two counts of lists."""

    events: int
    seconds: float
    cpu_s: float

    @property
    def events_per_s(self) -> float:
        """By the wall clock."""
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        """User and system time of all processes of the contender."""
        return 1e6 * self.cpu_s / self.events


def watch(ends: Ends, workers: Sequence[ContenderProcess], lists: int) -> list[Sample]:
    """Sample until that many lists exist.

    Raises:
        Stalled: none came for long.
        WorkerEnded: a worker is gone.
    """
    samples: list[Sample] = []
    moved = time.monotonic()
    while True:
        for worker in workers:
            worker.require_alive()
        sample = Sample(time.monotonic(), ends.total(), sum(worker.cpu_s() for worker in workers))
        if not samples or sample.lists > samples[-1].lists:
            moved = sample.at
        samples.append(sample)
        if sample.lists >= lists:
            return samples
        patience_s = NEXT_PATIENCE_S if sample.lists else FIRST_PATIENCE_S
        if sample.at - moved > patience_s:
            raise Stalled(f"no list came for {patience_s:g} s, with {sample.lists} of {lists} made; see {workers[0].log}")
        time.sleep(SAMPLE_S)


def rates(samples: Sequence[Sample], begin: int, end: int) -> Rates:
    """What happened between the `begin`-th and the `end`-th list, by straight lines between samples."""
    first, last = _at(samples, begin), _at(samples, end)
    return Rates(end - begin, last.at - first.at, last.cpu_s - first.cpu_s)


def _at(samples: Sequence[Sample], lists: int) -> Sample:
    after = bisect.bisect_left(samples, lists, key=lambda sample: sample.lists)
    b = samples[after]
    if after == 0 or b.lists == lists:
        return b
    a = samples[after - 1]
    share = (lists - a.lists) / (b.lists - a.lists)
    return Sample(a.at + share * (b.at - a.at), lists, a.cpu_s + share * (b.cpu_s - a.cpu_s))
