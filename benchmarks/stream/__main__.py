"""The stream benchmark: streamrec's engine beside other ways to do the same work, on one broker, with ranking stubbed.

    python -m benchmarks.stream [--quick] [--json] [--only throughput|latency|scaling] [--contenders streamrec,aiokafka]

Every contender decodes the same JSON events (8 partitions, 200,000 users, skew of UCI Online Retail), updates a row of about 500
bytes, keeps it as well as it guarantees to, and writes one list for each event. Events wait in the topic before it starts; the
first tenth is warm-up. Contenders take turns, each as a process of its own. Afterwards all lists, and the changelogs that can be read,
are checked: a contender that did not do all its work has no figures. Broker, contender and benchmark share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import machine
from benchmarks.stream import latency, scaling
from benchmarks.stream.contenders import CONTENDERS, Contender
from benchmarks.stream.meter import Rates
from benchmarks.stream.report import STUBBED, ratios, row, text
from benchmarks.stream.throughput import measure
from benchmarks.stream.traffic import PARTITIONS, SKEW, Traffic
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note
from streamrec.errors import StreamrecError

PARTS = ("throughput", "latency", "scaling")
USERS = 200_000
MORE_USERS = 1_000_000
RATES = (500.0, 5_000.0, 20_000.0)
JOIN_RATE = 5_000.0


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int = 3
    latency_s: float = 20.0
    idle_s: float = 20.0
    scaling_events: int = 400_000
    workers: Sequence[int] = (1, 2, 4)


QUICK = Size(rounds=1, latency_s=5.0, idle_s=5.0, scaling_events=100_000, workers=(1, 2))


@dataclass
class Bench:
    """One run on one broker; what failed is told and counted, and the rest goes on."""

    broker: str
    size: Size
    quick: bool
    say: Callable[[dict[str, Any]], None]
    failed: int = 0
    capacity: list[float] = field(default_factory=list)

    def throughput(self, names: Sequence[str]) -> None:
        """All contenders in turn, as many rounds as planned."""
        found: dict[str, list[Rates]] = defaultdict(list)
        taking_part = [CONTENDERS[name] for name in names if self._installed(CONTENDERS[name])]
        for number in range(self.size.rounds):
            for contender in taking_part:
                note(f"round {number + 1} of {self.size.rounds}: {contender.name}")
                try:
                    rates = measure(self.broker, contender, self._traffic(contender))
                    found[contender.name].append(rates)
                except StreamrecError as exc:
                    self.failed += 1
                    self.say({"contender": contender.name, "failed": str(exc)})
        rows = {name: row(CONTENDERS[name], rounds) for name, rounds in found.items()}
        for one in rows.values():
            self.say(one)
        if "streamrec" in rows:
            self.capacity = [one.events_per_s for one in found["streamrec"]]
            if shares := ratios(rows):
                self.say({"ratios": shares, **STUBBED})

    def latency(self) -> None:
        """The rates, and half of what can be done at most."""
        if not self.capacity:
            note("half of the capacity: measuring the capacity")
            contender = CONTENDERS["streamrec"]
            self.capacity = [measure(self.broker, contender, self._traffic(contender)).events_per_s]
        half = round(median(self.capacity) / 2)
        note(f"latency at {', '.join(f'{rate:g}' for rate in (*RATES, half))} events/s")
        for one in latency.measure(self.broker, (*RATES, half), JOIN_RATE, self.size.latency_s, self.size.idle_s, USERS):
            self.say({"latency": "streamrec", **STUBBED, **one})

    def scaling(self) -> None:
        """More users, more workers."""
        note(f"scaling: {USERS} and {MORE_USERS} users, then {', '.join(map(str, self.size.workers))} workers")
        for one in self._scales():
            self.say({"scaling": "streamrec", **STUBBED, **one})

    def _scales(self) -> Iterator[dict[str, Any]]:
        yield from scaling.by_users(self.broker, (USERS, MORE_USERS), self.size.scaling_events)
        contender = CONTENDERS["streamrec"]
        yield from scaling.by_workers(self.broker, self.size.workers, USERS, contender.quick if self.quick else contender.events)

    def _traffic(self, contender: Contender) -> Traffic:
        return _traffic(contender.quick if self.quick else contender.events)

    def _installed(self, contender: Contender) -> bool:
        try:
            version(contender.distribution)
        except PackageNotFoundError:
            self.say({"contender": contender.name, "skipped": f"{contender.distribution} is not installed: pip install 'streamrec[bench]'"})
            return False
        return True


@cache
def _traffic(events: int) -> Traffic:
    return Traffic(USERS, events)


def main() -> int:
    """Measure, and return 1 when a contender failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round with fewer events; for a first look, not for figures")
    parser.add_argument("--rounds", type=int, help="rounds of the throughput; the medians are over them")
    parser.add_argument("--only", choices=PARTS, help="this part alone")
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help="who takes part in the throughput, comma-separated")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the machine, then each figure")
    arguments = parser.parse_args()
    names = arguments.contenders.split(",")
    if unknown := [name for name in names if name not in CONTENDERS]:
        parser.error(f"no contender {', '.join(unknown)}; there are {', '.join(CONTENDERS)}")
    size = QUICK if arguments.quick else Size()
    if arguments.rounds:
        size = Size(**{**vars(size), "rounds": arguments.rounds})

    def say(found: dict[str, Any]) -> None:
        print(json.dumps(found) if arguments.json else text(found), flush=True)

    about = machine(*(one.distribution for one in CONTENDERS.values()))
    say({"machine": about, "users": USERS, "partitions": PARTITIONS, "skew": SKEW, **STUBBED})
    with one_interrupt() as ignore_more, tempfile.TemporaryDirectory(prefix="streamrec-bench-") as folder:
        broker = EmbeddedBroker(Path(folder) / "kafka", progress=note)
        try:
            bench = Bench(broker.start().bootstrap, size, arguments.quick, say)
            for part in PARTS if arguments.only is None else (arguments.only,):
                if part == "throughput":
                    bench.throughput(names)
                elif part == "latency":
                    bench.latency()
                else:
                    bench.scaling()
        finally:
            ignore_more()
            broker.stop()
    return 1 if bench.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
