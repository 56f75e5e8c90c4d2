"""How long real lists take while the load rises: real Kafka, the real worker with its model, triggers that come whether or not it keeps up.

    python -m benchmarks.latency [--rates 20,50,100,200,400,800] [--seconds 20] [--viewers 10000] [--json]

One worker takes the rates one after the other. Arrivals are an open loop: their times are fixed beforehand, so that a slow answer does not
delay the next question. Latency is from a trigger's produce call until a consumer has the list that covers it. A list is degraded when
the cross-encoder read less of it than was promised at this load, or by another fault (`degraded` counts both kinds), and it was read
when the cross-encoder read any of its items. Triggers are coalesced when they share a list; there are so many viewers that they seldom do
unless the worker is behind. `lag` are the records that wait when the last one has been sent, `drain_s` is how long it takes from then
until every trigger has its list, `late_ms` how far the sender itself fell behind its times at worst. The first seconds of each rate do not
count. Broker, worker, sender and reader are processes that share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.machine import machine
from benchmarks.probe import Figures, Probe
from benchmarks.viewers import Notes, Order, Place, read_notes
from streamrec.cli.support.interrupts import one_interrupt
from streamrec.cli.support.output import note
from streamrec.demo.stage import broker_with_topics, own
from streamrec.demo.worker import WorkerProcess, environment
from streamrec.errors import NotCovered
from streamrec.events.types import ModelRef
from streamrec.kafka import clients, topics
from streamrec.kafka.producers import producer
from streamrec.settings import Settings, load
from streamrec.simulator.playback import SAMPLE_ITEMS, item_messages
from streamrec.simulator.player import Player

DRAIN_S = 120.0
POLL_MS = 50
FETCH_WAIT_MS = 20
COLUMNS = (
    "rate", "triggers", "lists_per_s", "p50_ms", "p99_ms", "pairs_per_list", "read_percent", "degraded_percent", "coalesced_percent", "lag",
    "drain_s", "late_ms",
)  # fmt: skip


class Answer(msgspec.Struct):
    """What of a list is looked at: reading all of it would cost the machine more than making it does."""

    list_id: str
    covers: list[Place]
    model: ModelRef
    degraded: str | None = None


class Answers:
    """The first answer to each trigger, and when (monotonic, s) it could be read."""

    def __init__(self) -> None:
        self.first: dict[Place, tuple[float, Answer]] = {}
        self._decode = msgspec.json.Decoder(Answer).decode

    def take(self, value: bytes, moment: float) -> None:
        """A list could be read."""
        answer = self._decode(value)
        for place in answer.covers:
            self.first.setdefault(place, (moment, answer))


def rising(
    settings: Settings, rates: Sequence[float], seconds: float, warm_up_s: float, viewers: int, folder: Path
) -> Iterator[dict[str, Any]]:
    """The figures of each rate.

    Raises:
        WorkerEnded: the worker died.
        NotCovered: triggers were without a list when the patience was over.
    """
    with ExitStack() as stack:
        settings = stack.enter_context(broker_with_topics(own(settings, folder), folder, note))
        client = stack.enter_context(producer(settings, topics.TOPICS))
        Player(client, settings.topic).play(item_messages(SAMPLE_ITEMS), stop=threading.Event())
        worker = WorkerProcess(settings, folder / "worker.log")
        stack.callback(worker.stop)
        worker.start()
        worker.await_ready(note)
        for seed, rate in enumerate(rates):
            note(f"{rate:g} messages/s")
            order = Order(rate, warm_up_s + seconds, viewers, seed)
            yield asyncio.run(_rate(settings, order, warm_up_s, worker, folder / f"notes-{seed}.json"))


async def _rate(settings: Settings, order: Order, warm_up_s: float, worker: WorkerProcess, path: Path) -> dict[str, Any]:
    """Send at one rate, and read until every trigger has its list."""
    probe, answers = Probe(settings.data_dir), Answers()
    before = probe.figures()
    async with _reading(settings, answers) as reading:
        command = ("-m", "benchmarks.viewers", msgspec.json.encode(order).decode(), str(path))
        sender = await asyncio.create_subprocess_exec(sys.executable, *command, env={**os.environ, **environment(settings)})
        try:
            if await sender.wait():
                raise RuntimeError(f"the sender ended with {sender.returncode}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                sender.kill()
        ended = time.monotonic()
        lag = (await asyncio.to_thread(probe.figures)).total("streamrec_lag_records")
        notes = read_notes(path)
        waiting = {place for place, _ in notes.triggers}
        while waiting := waiting - answers.first.keys():
            worker.require_alive()
            if reading.done():
                reading.result()
            if time.monotonic() - ended > DRAIN_S:
                raise NotCovered(f"{len(waiting)} of {len(notes.triggers)} triggers had no list after {DRAIN_S:g} s; try lower --rates")
            await asyncio.sleep(POLL_MS / 1000)
        drain_s = time.monotonic() - ended
    return row(order.rate, answers, notes, warm_up_s, before, probe.figures()) | {"lag": int(lag), "drain_s": round(drain_s, 1)}


@asynccontextmanager
async def _reading(settings: Settings, answers: Answers) -> AsyncIterator[asyncio.Task[None]]:
    """A task that reads the lists that come from now on."""
    consumer = AIOKafkaConsumer(**clients.aiokafka(settings), enable_auto_commit=False, fetch_max_wait_ms=FETCH_WAIT_MS)
    await consumer.start()

    async def read() -> None:
        while True:
            got = await consumer.getmany(timeout_ms=POLL_MS)
            moment = time.monotonic()
            for records in got.values():
                for record in records:
                    answers.take(record.value, moment)

    try:
        lists = settings.topic("recommendations")
        consumer.assign([TopicPartition(lists, number) for number in range(settings.partitions)])
        await consumer.seek_to_end()
        task = asyncio.create_task(read())
        try:
            yield task
        finally:
            task.cancel()
    finally:
        await consumer.stop()


def row(rate: float, answers: Answers, notes: Notes, warm_up_s: float, before: Figures, after: Figures) -> dict[str, Any]:
    """What happened at a rate, from both ends of Kafka; pairs are the worker's metrics before and after, over all lists of the rate."""

    def more(name: str, label: str) -> float:
        return after.total(name, label) - before.total(name, label)

    begin = min(at for _, at in notes.triggers) + warm_up_s
    counted = [(answers.first[place], at) for place, at in notes.triggers if at >= begin]
    took = 1000 * np.array([moment - at for (moment, _), at in counted])
    span_s = max(at for _, at in counted) - begin
    lists = {answer.list_id: answer for (_, answer), _ in counted}
    every = {answer.list_id for _, answer in answers.first.values()}
    pairs = sum(more("streamrec_pairs_total", f'outcome="{outcome}"') for outcome in ("scored", "cached"))
    model = next(iter(lists.values())).model
    p50, p99 = (round(float(np.percentile(took, share, method="inverted_cdf")), 1) for share in (50, 99))
    return {
        "rate": rate,
        "triggers": len(counted),
        "lists": len(lists),
        "lists_per_s": round(len(lists) / span_s, 1),
        "p50_ms": p50,
        "p99_ms": p99,
        "pairs_per_list": round(pairs / len(every), 1),
        "degraded_percent": round(100 * sum(answer.degraded is not None for answer in lists.values()) / len(lists), 1),
        "degraded": dict(Counter(answer.degraded for answer in lists.values() if answer.degraded is not None)),
        "read_percent": round(100 * sum(answer.model.pairs > 0 for answer in lists.values()) / len(lists), 1),
        "coalesced_percent": round(100 * (len(counted) - len(lists)) / len(counted), 1),
        "late_ms": round(1000 * notes.late_s, 1),
        "model": model.name,
        "provider": model.provider,
    }


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
