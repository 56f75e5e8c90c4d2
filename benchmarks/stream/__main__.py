"""python -m benchmarks.stream: throughput of all contenders, latency and scaling of streamrec, on one broker, with ranking stubbed."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.stream.contenders import CONTENDERS
from benchmarks.stream.throughput import measure
from benchmarks.stream.traffic import Traffic
from streamrec.broker.embedded import EmbeddedBroker

USERS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder)) as broker:
        for name in arguments.contenders.split(","):
            contender = CONTENDERS[name]
            traffic = Traffic(USERS, contender.quick if arguments.quick else contender.events)
            found = measure(broker, contender, traffic)
            print(name, found, round(found.events_per_s), round(found.cpu_us_per_event, 1), flush=True)


if __name__ == "__main__":
    main()
