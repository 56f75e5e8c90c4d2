"""What stays of invented ids, of rooms and of rules: the memory of a real worker, and what a list costs, before and after each.

    python -m benchmarks.memory [--views 150000] [--updates 300] [--rooms 10000] [--rules 6000] [--json] [--out FILE]

One worker with default settings but scoring off, 200 items, a Kafka of its own. In turn it gets views of these items (what is left then
is left by any load: caches and buffers), as many of ids that no item has, and as many of yet other ids (what is added then stays for every
id); that many updates of a room whose 1,000 ids no item has; live rooms with 20 items each; rules that expired half an hour ago, and rules
that hold. After each it is given time to come to rest, then 200 views of real items ask for a list each. In the end the worker is stopped
and started again on its data. "rank_ms" is the mean time in which one of these lists is ranked; broker and producer share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.probe import Probe
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note
from streamrec.demo.stage import broker_with_topics, own
from streamrec.demo.worker import WorkerProcess
from streamrec.kafka import topics
from streamrec.kafka.producers import producer
from streamrec.settings import load
from streamrec.system.clock import now_ms

ITEMS, USERS, SHELF, UNKNOWN = 200, 500, 20, 1_000
PROBES, PROBES_PER_S = 200, 20
CALM_S, PATIENCE_S = 5.0, 600.0
HALF_HOUR_MS = 1_800_000
Wire = tuple[str, str, dict[str, Any]]
"""Topic, key and fields."""


def items() -> Iterator[Wire]:
    """What is for sale."""
    for number in range(ITEMS):
        name = f"item-{number}"
        yield "items", name, {"item_id": name, "title": f"thing {number}", "price": 5, "currency": "GBP"}


def views(count: int, invented: str = "") -> Iterator[Wire]:
    """Views of items that there are, or of as many ids that there are not."""
    for number in range(count):
        user, item = f"user-{number % USERS}", f"{invented}-{number:08}" if invented else f"item-{number % ITEMS}"
        yield "views", user, {"user_id": user, "item_id": item, "ts": now_ms()}


def updates(count: int) -> Iterator[Wire]:
    """One room, again and again with other ids on its shelf."""
    for number in range(count):
        yield _room("room", [f"unknown-{number:05}-{place:04}" for place in range(UNKNOWN)])


def rooms(count: int) -> Iterator[Wire]:
    """Live rooms with items that are for sale."""
    for number in range(count):
        yield _room(f"room-{number}", [f"item-{(number + 7 * place) % ITEMS}" for place in range(SHELF)])


def rules(count: int, expires_ms: int | None) -> Iterator[Wire]:
    """Rules about ids of which some are for sale."""
    for number in range(count):
        name, action = f"rule-{expires_ms or 'lasting'}-{number}", ("boost", "bury", "block")[number % 3]
        target = f"item-{number % ITEMS}" if action != "block" else f"nothing-{number}"
        fields = {"rule_id": name, "action": action, "target": "item", "target_id": target}
        yield "rules", name, fields | ({} if expires_ms is None else {"expires_ts": expires_ms})


def _room(name: str, shelf: list[str]) -> Wire:
    return "rooms", name, {"room_id": name, "host_id": f"host-{name}", "status": "live", "shelf": shelf, "ts": now_ms()}


class Trial:
    """A worker, what it is sent, and what it looks like afterwards."""

    def __init__(self, client: Any, worker: WorkerProcess, settings: Any) -> None:
        self._client, self._worker, self._settings = client, worker, settings

    def send(self, wires: Iterable[Wire]) -> None:
        """Send, and wait until the broker has all of it."""
        for topic, key, fields in wires:
            self._client.send(self._settings.topic(topic), json.dumps(fields).encode(), key=key.encode())
        self._client.flush()

    def calm(self) -> Probe:
        """Wait until all is applied and nothing is left to be forgotten."""
        probe, deadline, calm_since, before = Probe(self._settings.data_dir), time.monotonic() + PATIENCE_S, time.monotonic(), None
        while time.monotonic() - calm_since < CALM_S:
            self._worker.require_alive()
            figures = probe.figures()
            applied = figures.total("streamrec_records_total"), figures.total("streamrec_catalogue", 'what="unlisted"')
            if figures.total("streamrec_lag_records") or applied != before:
                before, calm_since = applied, time.monotonic()
            if time.monotonic() > deadline:
                raise SystemExit("the worker does not come to rest")
            time.sleep(0.5)
        return probe

    def look(self, what: str) -> dict[str, Any]:
        """What the worker takes now, and what lists cost."""
        probe = self.calm()
        before = probe.figures()
        for number in range(PROBES):
            user = f"prober-{number}"
            self.send([("views", user, {"user_id": user, "item_id": f"item-{number % ITEMS}", "ts": now_ms()})])
            time.sleep(1 / PROBES_PER_S)
        after = self.calm().figures()
        found: dict[str, Any] = {"after": what, "rss_mib": probe.rss_mib()}
        stage = ("streamrec_stage_seconds_sum", "streamrec_stage_seconds_count")
        seconds, count = (after.total(name, 'stage="rank"') - before.total(name, 'stage="rank"') for name in stage)
        found["rank_ms"] = round(1000 * seconds / max(count, 1), 2)
        for name in ("items", "slots", "unlisted", "rooms", "rules"):
            found[name] = int(after.total("streamrec_catalogue", f'what="{name}"'))
        note(json.dumps(found))
        return found


def run(arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """All of it, one after the other."""
    with ExitStack() as stack:
        settings = own(load(), folder).model_copy(update={"scoring": "off"})
        settings = stack.enter_context(broker_with_topics(settings, folder, note))
        client = stack.enter_context(producer(settings, topics.TOPICS))
        worker = WorkerProcess(settings, folder / "worker.log")
        stack.callback(worker.stop)
        trial = Trial(client, worker, settings)
        trial.send(items())
        worker.start()
        worker.await_ready(note)
        found = [trial.look("the start")]
        for what, wires in (
            (f"{arguments.views} views of items", views(arguments.views)),
            (f"{arguments.views} views of invented ids", views(arguments.views, "invented")),
            (f"{arguments.views} views of other invented ids", views(arguments.views, "others")),
            (f"{arguments.updates} updates of a room with {UNKNOWN} unknown ids", updates(arguments.updates)),
            (f"{arguments.rooms} live rooms", rooms(arguments.rooms)),
            (f"{arguments.rules} expired rules", rules(arguments.rules, now_ms() - HALF_HOUR_MS)),
            (f"{arguments.rules} rules that hold", rules(arguments.rules, None)),
        ):
            trial.send(wires)
            found.append(trial.look(what))
        worker.stop()
        worker.start()
        worker.await_ready(note)
        return [*found, trial.look("a restart")]


def main() -> int:
    """Print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--views", type=int, default=150_000)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=6_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, help="results file")
    arguments = parser.parse_args()
    with one_interrupt(), tempfile.TemporaryDirectory(prefix="streamrec-memory-") as folder:
        report = {"machine": machine(), "found": run(arguments, Path(folder))}
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n")
    if arguments.json:
        print(json.dumps(report))
    else:
        for one in report["found"]:
            print("  ".join(f"{name} {value}" for name, value in one.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
