"""How long a list takes: real Kafka, the real worker with its model, and triggers that arrive whether or not it keeps up.

    python -m benchmarks.latency --rates 20,50 --seconds 30 [--json]

The arrivals are an open loop: their times are fixed beforehand, so that a slow answer does not delay the next question. Latency is
from a trigger's produce call until a consumer has the list that covers it. Broker, worker, producer and consumer share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.machine import machine
from streamrec.cli.interrupts import one_interrupt
from streamrec.cli.output import note
from streamrec.demo.run import Plan, run
from streamrec.settings import load

COLUMNS = ("rate", "triggers", "lists", "coalesced", "p50_ms", "p99_ms", "degraded")


def main() -> None:
    """Measure each rate on a broker and a worker of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="20", help="messages per second, comma-separated; each is measured by itself")
    parser.add_argument("--seconds", type=float, default=30, help="how long each rate is measured")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds before that, which are not counted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the machine, then each rate")
    arguments = parser.parse_args()
    about = machine()
    if arguments.json:
        print(json.dumps({"machine": about}))
    else:
        print(f"{about['cpu']}, {about['cores']} cores, load {about['load']:.1f}; {about['versions']}")
        print("".join(f"{name:>11}" for name in COLUMNS))
    for rate in map(float, arguments.rates.split(",")):
        with one_interrupt() as ignore_more:
            report = run(load(), Plan(rate, arguments.seconds, arguments.seed, warm_up_s=arguments.warm_up), note, None, ignore_more)
        row = {"rate": rate, **vars(report)}
        print(json.dumps(row) if arguments.json else "".join(f"{row[name]:>11}" for name in COLUMNS), flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
