"""How long real lists take while the load rises: real Kafka, the real worker with its model, triggers that come whether or not it keeps up.

    python -m benchmarks.latency [--rates 20,50,100,200,400,800] [--seconds 20] [--viewers 10000] [--json]

One worker takes the rates one after the other. Arrivals are an open loop: their times are fixed beforehand, so that a slow answer does not
delay the next question. Latency is from a trigger's produce call until a consumer has the list that covers it. A list is degraded
when there was no time for all pairs of the cross-encoder, and triggers are coalesced when they share a list; there are so many viewers
that they seldom do unless the worker is behind. `lag` are the records that wait when the last one has been sent, `drain_s` is how
long it takes from then until every trigger has its list. Broker, worker, producer and consumer share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.probe import Figures, Probe
from streamrec.cli.interrupts import one_interrupt
from streamrec.cli.output import note
from streamrec.clock import now_ms
from streamrec.demo.ledger import Ledger, Report
from streamrec.demo.reader import Reader
from streamrec.demo.stage import broker_with_topics, own
from streamrec.demo.worker import WorkerProcess
from streamrec.errors import NotCovered
from streamrec.events.files import read_items
from streamrec.settings import Settings, load
from streamrec.simulator.connection import producer
from streamrec.simulator.messages import Message
from streamrec.simulator.playback import SAMPLE_ITEMS, item_messages
from streamrec.simulator.player import Player
from streamrec.simulator.shop import Shop
from streamrec.stream import topics

DRAIN_S = 120.0
PAUSE_S = 0.1
COLUMNS = (
    "rate", "triggers", "lists_per_s", "p50_ms", "p99_ms", "pairs_per_list", "degraded_percent", "coalesced_percent", "lag", "drain_s",
)  # fmt: skip


def rising(
    settings: Settings, rates: Sequence[float], seconds: float, warm_up_s: float, viewers: int, folder: Path
) -> Iterator[dict[str, Any]]:
    """The figures of each rate.

    Raises:
        WorkerEnded: the worker died.
        NotCovered: triggers were without a list when the patience was over.
    """
    shop, stop = Shop(read_items(SAMPLE_ITEMS), viewers=viewers), threading.Event()
    with ExitStack() as stack:
        settings = stack.enter_context(broker_with_topics(own(settings, folder), folder, note))
        client = stack.enter_context(producer(settings, topics.TOPICS))
        ledger = Ledger(time.monotonic())

        def sent(message: Message, moment: float, partition: int, offset: int) -> None:
            ledger.sent(settings.topic(message.topic), message, moment, partition, offset)

        player = Player(client, settings.topic, sent)
        player.play([*item_messages(SAMPLE_ITEMS), *shop.opening(now_ms())], stop=stop)
        worker = WorkerProcess(settings, folder / "worker.log")
        stack.callback(worker.stop)
        worker.start()
        worker.await_ready(note)
        probe = Probe(settings.data_dir)
        reader = stack.enter_context(Reader(settings, ledger, lambda ranked, cause: None))

        def play(rate: float, duration_s: float) -> None:
            player.play((shop.moment(now_ms(), buying=True) for _ in iter(int, 1)), rate=rate, duration_s=duration_s, stop=stop)

        for rate in rates:
            note(f"{rate:g} messages/s")
            play(rate, warm_up_s)
            _drain(ledger, worker, reader)
            ledger.restart()
            before = probe.figures()
            play(rate, seconds)
            lag = probe.figures().total("streamrec_lag_records")
            drain_s = _drain(ledger, worker, reader)
            yield row(rate, ledger.report(bad_sent=0, simulated=0), before, probe.figures(), lag, drain_s)


def row(rate: float, report: Report, before: Figures, after: Figures, lag: float, drain_s: float) -> dict[str, Any]:
    """What happened at a rate, from the books and from the worker's metrics before and after."""

    def more(name: str, label: str = "") -> float:
        return after.total(name, label) - before.total(name, label)

    pairs = sum(more("streamrec_pairs_total", f'outcome="{outcome}"') for outcome in ("scored", "cached"))
    return {
        "rate": rate,
        "triggers": report.triggers,
        "lists": report.lists,
        "lists_per_s": round(report.lists / report.seconds, 1),
        "p50_ms": report.p50_ms,
        "p99_ms": report.p99_ms,
        "pairs_per_list": round(pairs / max(1, report.lists), 1),
        "degraded_percent": round(100 * report.degraded / max(1, report.lists), 1),
        "coalesced_percent": round(100 * report.coalesced / max(1, report.triggers), 1),
        "lag": int(lag),
        "drain_s": round(drain_s, 1),
        "model": report.model,
        "provider": report.provider,
    }


def _drain(ledger: Ledger, worker: WorkerProcess, reader: Reader) -> float:
    """Wait until every trigger has its list; how long that took."""
    begun = time.monotonic()
    while (report := ledger.report(bad_sent=0, simulated=0)).uncovered:
        worker.require_alive()
        reader.require_alive()
        if time.monotonic() - begun > DRAIN_S:
            raise NotCovered(f"{report.uncovered} of {report.triggers} triggers had no list after {DRAIN_S:g} s; try lower --rates")
        time.sleep(PAUSE_S)
    return time.monotonic() - begun


def main() -> None:
    """Measure, one line for each rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="20,50,100,200,400,800", help="messages per second, comma-separated; nearly all ask for a list")
    parser.add_argument("--seconds", type=float, default=20, help="how long each rate is measured")
    parser.add_argument("--warm-up", type=float, default=5, help="seconds before that, which are not counted")
    parser.add_argument("--viewers", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the machine, then each rate")
    arguments = parser.parse_args()
    about = machine()
    if arguments.json:
        print(json.dumps({"machine": about, "viewers": arguments.viewers}), flush=True)
    else:
        print(f"{about['cpu']}, {about['cores']} cores, load {about['load']:.1f}; {about['versions']}")
        print("".join(f"{name:>18}" for name in COLUMNS), flush=True)
    rates = list(map(float, arguments.rates.split(",")))
    with one_interrupt() as ignore_more, tempfile.TemporaryDirectory(prefix="streamrec-latency-") as folder:
        try:
            for found in rising(load(), rates, arguments.seconds, arguments.warm_up, arguments.viewers, Path(folder)):
                print(json.dumps(found) if arguments.json else "".join(f"{found[name]:>18}" for name in COLUMNS), flush=True)
        finally:
            ignore_more()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
