"""How soon lists follow a taste, how soon they follow one that turns round, and what a few users can spoil.

    python -m benchmarks.learning [--quick] [--json]

Real Kafka, the real worker (scoring off, 30 items) and the real learner with its default settings. Shoppers look at all of every list
and click on one item of it, by the age of the items alone. NDCG is that of the lists against the best ones by that taste, with
exponential gains; "followed" is when the last 40 to 60 lists have 0.8 on average. Then 3 of 27 users ask for four times as many lists
as the others and click, three times each, on the three items of each list that the others want least.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.faults.waiting import until
from benchmarks.machine import machine
from benchmarks.shoppers import Shoppers
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.cli.support.output import note
from streamrec.demo.worker import WorkerProcess
from streamrec.kafka import topics
from streamrec.settings import load
from streamrec.web.client import get

ITEMS, USERS, THIEVES = 30, 24, 3
GOOD = 0.8
PATIENCE_S = 180.0
POISON_S, QUICK_POISON_S = 60.0, 15.0


def measure(folder: Path, poison_s: float) -> dict[str, Any]:
    """All figures, on a broker, a worker and a learner of its own."""
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker(folder / "kafka"))
        (port,) = free_ports(1)
        names = {"prefix": "learning.", "app_id": "learning", "data_dir": folder / "worker"}
        ways = {"partitions": 2, "scoring": "off", "candidates": "all", "max_shown": 0, "web_port": 0, "learn_port": port}
        settings = load(broker=broker, **names, **ways)
        topics.create(settings)
        shoppers = Shoppers(settings, ITEMS, taste=-2.0)
        stack.callback(shoppers.close)
        shoppers.open()
        for command in (("worker",), ("learn", "run")):
            process = WorkerProcess(settings, folder / f"{command[0]}.log", command)
            stack.callback(process.stop)
            process.start()
            if command == ("worker",):
                process.await_ready(note)
        _require(until(lambda: _answers(port), PATIENCE_S), "the learner is not ready")
        users, thieves = [f"u{number}" for number in range(USERS)], [f"thief-{number}" for number in range(THIEVES)]
        found: dict[str, Any] = {"followed_s": _followed(shoppers, users)}
        shoppers.taste = -shoppers.taste
        found["turned_s"] = _followed(shoppers, users)
        found["ndcg_before_poison"] = _lowest(shoppers, users, 5.0)
        shoppers.thieves = set(thieves)
        found["ndcg_lowest_under_poison"] = _lowest(shoppers, users + 4 * thieves, poison_s)
        return found | {"poison_s": poison_s, "clicks": len(shoppers.clicks), "version": shoppers.version}


def _followed(shoppers: Shoppers, users: list[str]) -> float:
    begin = time.monotonic()
    shoppers.recent.clear()

    def good() -> bool:
        shoppers.shop(users)
        return shoppers.served() >= GOOD and time.monotonic() - begin > 1

    _require(until(good, PATIENCE_S), f"the lists do not follow, their NDCG is {shoppers.served():.3f}")
    return round(time.monotonic() - begin, 1)


def _lowest(shoppers: Shoppers, users: list[str], seconds: float) -> float:
    ends, lowest = time.monotonic() + seconds, 1.0
    shoppers.recent.clear()
    while time.monotonic() < ends:
        shoppers.shop(users)
        if len(shoppers.recent) >= shoppers.ENOUGH:
            lowest = min(lowest, shoppers.served())
    return round(lowest, 3)


def _require(came: bool, otherwise: str) -> None:
    if not came:
        raise SystemExit(f"error: after {PATIENCE_S:g} s {otherwise}")


def _answers(port: int) -> bool:
    try:
        return get(f"http://127.0.0.1:{port}/ready", timeout_s=5).status == 200
    except OSError:
        return False


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"poison for {QUICK_POISON_S:g} s instead of {POISON_S:g}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the machine, then the figures")
    arguments = parser.parse_args()
    about = machine()
    with tempfile.TemporaryDirectory(prefix="streamrec-learning-") as folder:
        found = measure(Path(folder), QUICK_POISON_S if arguments.quick else POISON_S)
    if arguments.json:
        print(json.dumps({"machine": about}))
        print(json.dumps(found))
    else:
        print(f"{about['cpu']}, {about['cores']} cores, load {about['load']:.1f}; {about['versions']}")
        print("\n".join(f"{name:>26} {value}" for name, value in found.items()))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
