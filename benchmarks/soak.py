"""The soak: the real worker with its model at a steady rate for a long time; its memory and its lag must stay flat.

    python -m benchmarks.soak [--minutes 30] [--rate 20] [--json]

The worker begins with a history: clicks of people who are gone fill RocksDB's write buffers (8 MB for each partition and family)
until all have been written out once, which would take an hour at the steady rate and look like growth. Then viewers leave and new
ones come all the time, far more than the rows that the worker may keep in memory (the setting `row_cache_mb` is made small for
that), so that caches fill, evict and read back within the warm-up. Growth compares medians of the resident memory: the last sixth
of the run against the second one. Broker, worker, producer and consumer share the machine.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from benchmarks.machine import machine
from benchmarks.probe import Probe
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note
from streamrec.demo.ledger import Ledger
from streamrec.demo.reader import Handler, Reader
from streamrec.demo.stage import broker_with_topics, own
from streamrec.demo.worker import WorkerProcess
from streamrec.errors import NotCovered
from streamrec.events.codec import decode_list
from streamrec.events.files import read_items
from streamrec.kafka import topics
from streamrec.kafka.producers import producer
from streamrec.settings import Settings, load
from streamrec.simulator.messages import SIMULATED, Message, message
from streamrec.simulator.playback import SAMPLE_ITEMS, item_messages
from streamrec.simulator.player import Player
from streamrec.simulator.shop import Shop, Viewer
from streamrec.system.clock import now_ms

ROW_CACHE_MB = 1
FORMER_VIEWERS = 20_000
HISTORY_CHUNK, HISTORY_LAG = 20_000, 2_000
NEW_VIEWER_EVERY = 4
"""Messages between two viewers who are replaced by new ones."""

SAMPLE_S = 5.0
GOAL_PERCENT = 5.0
LAG_GOAL_S = 1.0
"""The lag counts as flat when it has grown by less than what arrives in this time."""

DRAIN_S = 30.0


class Sample(NamedTuple):
    """At so many seconds: resident MiB, records of lag, and totals of lists, dead letters, checkpoints and their seconds."""

    at_s: float
    rss_mib: float
    lag: float
    lists: float
    dead_letters: float
    checkpoints: float
    checkpoint_s: float


@dataclass(frozen=True)
class Verdict:
    """What the samples say; the first sixth of them is warm-up."""

    rss_mib: float
    growth_percent: float
    lag: float
    lag_growth: float
    lag_slope_per_minute: float
    lists_per_s: float
    checkpoint_ms: float
    dead_letters: int
    memory_flat: bool
    lag_flat: bool


def judge(samples: Sequence[Sample], rate: float) -> Verdict:
    """The growth of memory and lag from the second sixth to the last one, and the rates after the first."""
    sixth = len(samples) // 6
    early, late, counted = samples[sixth : 2 * sixth], samples[-sixth:], samples[sixth:]
    before, after = median(one.rss_mib for one in early), median(one.rss_mib for one in late)
    lag_before, lag_after = median(one.lag for one in early), median(one.lag for one in late)
    growth = 100 * (after / before - 1)
    first, last = counted[0], counted[-1]
    slope = np.polyfit([one.at_s / 60 for one in counted], [one.lag for one in counted], 1)[0]
    return Verdict(
        rss_mib=round(after, 1),
        growth_percent=round(growth, 2),
        lag=lag_after,
        lag_growth=lag_after - lag_before,
        lag_slope_per_minute=round(float(slope), 3),
        lists_per_s=round((last.lists - first.lists) / (last.at_s - first.at_s), 2),
        checkpoint_ms=round(1000 * (last.checkpoint_s - first.checkpoint_s) / max(1.0, last.checkpoints - first.checkpoints), 1),
        dead_letters=int(last.dead_letters),
        memory_flat=growth <= GOAL_PERCENT,
        lag_flat=lag_after - lag_before <= rate * LAG_GOAL_S,
    )


def sample(probe: Probe, begun: float) -> Sample:
    """The worker as it is now."""
    found = probe.figures()
    return Sample(
        at_s=round(time.monotonic() - begun, 2),
        rss_mib=probe.rss_mib(),
        lag=found.total("streamrec_lag_records"),
        lists=found.total("streamrec_events_total", 'outcome="list"'),
        dead_letters=found.total("streamrec_events_total", 'outcome="dead_letter"'),
        checkpoints=found.total("streamrec_checkpoint_seconds_count"),
        checkpoint_s=found.total("streamrec_checkpoint_seconds_sum"),
    )


def coming_and_going(shop: Shop) -> Iterator[Message]:
    """The shop's moments without end; again and again a viewer leaves, and a new one with the same taste comes."""
    fresh = itertools.count(len(shop.viewers) + 1)
    for number in itertools.count(1):
        if number % NEW_VIEWER_EVERY == 0:
            place = shop.dice.randrange(len(shop.viewers))
            gone = shop.viewers[place]
            shop.viewers[place] = Viewer(next(fresh), gone.tastes, gone.language, gone.room)
        yield shop.moment(now_ms(), buying=True)


def history(shop: Shop) -> Iterator[Message]:
    """Clicks of former viewers without end; they change users and items and ask for no lists."""
    for number in itertools.count():
        who, item = f"past-{number % FORMER_VIEWERS}", shop.items[number % len(shop.items)].item_id
        fields = {"user_id": who, "list_id": f"past-{number}", "item_id": item, "action": "click", "ts": now_ms()}
        yield message("feedback", fields, SIMULATED)


def written_out(settings: Settings) -> bool:
    """Whether every partition of both families has written its buffer to disk at least once."""
    folders = [settings.data_dir / family / str(number) for family in ("user", "item") for number in range(settings.partitions)]
    return all(any(folder.glob("*.sst")) for folder in folders)


def soak(settings: Settings, rate: float, seconds: float, folder: Path) -> tuple[list[Sample], dict[str, Any]]:
    """Play for so long; the samples, and what the demo's books say in the end.

    Raises:
        WorkerEnded: the worker died.
        NotCovered: triggers were without a list when all was over.
    """
    shop, stop = Shop(read_items(SAMPLE_ITEMS)), threading.Event()
    with ExitStack() as stack:
        chosen = own(settings, folder).model_copy(update={"row_cache_mb": ROW_CACHE_MB})
        chosen = stack.enter_context(broker_with_topics(chosen, folder, note))
        client = stack.enter_context(producer(chosen, topics.TOPICS))
        ledger = Ledger(time.monotonic())

        def sent(message: Message, moment: float, partition: int, offset: int) -> None:
            ledger.sent(chosen.topic(message.topic), message, moment, partition, offset)

        def listed(value: bytes, moment: float) -> None:
            ledger.list_read(decode_list(value), moment)

        player = Player(client, chosen.topic, sent)
        player.play(itertools.chain(item_messages(SAMPLE_ITEMS), shop.opening(now_ms())), stop=stop)
        worker = WorkerProcess(chosen, folder / "worker.log")
        stack.callback(worker.stop)
        worker.start()
        worker.await_ready(note)
        note("giving the worker a history")
        past, probe = history(shop), Probe(chosen.data_dir)
        while not written_out(chosen):
            worker.require_alive()
            player.play(itertools.islice(past, HISTORY_CHUNK), stop=stop)
            while probe.figures().total("streamrec_lag_records") > HISTORY_LAG:
                time.sleep(0.2)
        handlers: dict[str, Handler] = {
            "recommendations": listed,
            "dead-letters": lambda value, moment: ledger.dead_letter_read(),
        }
        reader = stack.enter_context(Reader(chosen, handlers))
        play = threading.Thread(
            target=player.play, args=(coming_and_going(shop),), kwargs={"rate": rate, "duration_s": seconds, "stop": stop}, daemon=True
        )
        stack.callback(play.join)
        stack.callback(stop.set)
        play.start()
        samples = _watch(probe, worker, reader, play)
        return samples, _books(ledger, worker, player)


def _watch(probe: Probe, worker: WorkerProcess, reader: Reader, play: threading.Thread) -> list[Sample]:
    samples: list[Sample] = []
    begun = time.monotonic()
    while play.is_alive():
        worker.require_alive()
        reader.require_alive()
        samples.append(one := sample(probe, begun))
        if len(samples) % 12 == 0:
            note(f"{one.at_s / 60:5.1f} min  {one.rss_mib:7.1f} MiB  lag {one.lag:g}  {one.lists:g} lists")
        play.join(SAMPLE_S)
    return samples


def _books(ledger: Ledger, worker: WorkerProcess, player: Player) -> dict[str, Any]:
    deadline = time.monotonic() + DRAIN_S
    while (report := ledger.report(bad_sent=0, simulated=player.summary.simulated)).uncovered:
        worker.require_alive()
        if time.monotonic() > deadline:
            raise NotCovered(f"{report.uncovered} of {report.triggers} triggers had no list; try a lower --rate")
        time.sleep(0.2)
    names = ("triggers", "lists", "coalesced", "p50_ms", "p99_ms", "degraded", "repeated", "uncovered", "dead_letters", "model", "provider")
    return {name: getattr(report, name) for name in names}


def main() -> int:
    """Soak, and return 1 when memory or lag were not flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="messages per second; nearly all of them ask for a list")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the machine, every sample, the verdict")
    arguments = parser.parse_args()
    if arguments.minutes * 60 < 12 * SAMPLE_S:
        parser.error(f"--minutes must be at least {12 * SAMPLE_S / 60:g}, for two samples in each sixth")
    about = {"machine": machine(), "minutes": arguments.minutes, "rate": arguments.rate, "row_cache_mb": ROW_CACHE_MB}
    print(json.dumps(about) if arguments.json else about, flush=True)
    with one_interrupt() as ignore_more, tempfile.TemporaryDirectory(prefix="streamrec-soak-") as folder:
        try:
            samples, books = soak(load(), arguments.rate, arguments.minutes * 60, Path(folder))
        finally:
            ignore_more()
    if arguments.json:
        for sample in samples:
            print(json.dumps(sample._asdict()))
    verdict = judge(samples, arguments.rate)
    result = {**vars(verdict), **books, "goal_percent": GOAL_PERCENT}
    print(json.dumps(result) if arguments.json else "\n".join(f"{name:<22}{value}" for name, value in result.items()))
    return 0 if verdict.memory_flat and verdict.lag_flat else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
