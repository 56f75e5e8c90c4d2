"""How long a list takes at a given rate: from an event's produce call until a consumer has its list. Ranking is stubbed."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer, TopicPartition
from numpy.typing import NDArray

from benchmarks.stream import cluster
from benchmarks.stream.arrivals import Notes, Order, read_notes
from benchmarks.stream.contenders import CONTENDERS
from benchmarks.stream.job import Job
from benchmarks.stream.processes import ROOT, ContenderProcess
from benchmarks.stream.throughput import prepared
from benchmarks.stream.traffic import PARTITIONS
from streamrec.errors import Stalled

FETCH_WAIT_MS = 20
POLL_MS = 200
PATIENCE_S = 60.0
PAUSE_S = 0.1
WARM_UP_S = 2.0
"""The first seconds of each rate, whose lists are read, but do not count."""

ID_BYTES = 80
"""The beginning of a list, which holds its id."""

Seen = Sequence[tuple[float, Sequence[bytes]]]


@dataclass(frozen=True)
class Delays:
    """Of the events of one rate; `late_ms` is how far the open loop itself fell behind its times at worst."""

    rate: float
    events: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    late_ms: float


def measure(broker: str, rates: Sequence[float], join_rate: float, seconds: float, idle_s: float, users: int) -> list[dict[str, Any]]:
    """One worker takes the rates one after the other and is idle for a while; then a second one joins at `join_rate`."""
    return asyncio.run(_measure(broker, rates, join_rate, seconds, idle_s, users))


async def _measure(
    broker: str, rates: Sequence[float], join_rate: float, seconds: float, idle_s: float, users: int
) -> list[dict[str, Any]]:
    found = []
    with prepared(broker, CONTENDERS["streamrec"]) as job, ContenderProcess("streamrec", job) as worker:
        await _joined(job, worker, 1)
        async with _reader(job) as reader:
            for seed, rate in enumerate(rates):
                found.append(_row(await _rate(job, reader, worker, Order(broker, job.source, users, rate, WARM_UP_S + seconds, seed))))
            found.append({"idle_cpu_percent": await _idle(worker, idle_s), "seconds": idle_s})
            second = ContenderProcess("streamrec", msgspec.structs.replace(job, worker=1))
            try:
                order = Order(broker, job.source, users, join_rate, WARM_UP_S + seconds, len(rates))
                delays = await _rate(job, reader, worker, order, joins=second)
                await _joined(job, second, 2)
                found.append(_row(delays) | {"while": "a second worker joins"})
            finally:
                second.stop()
    return found


def _row(delays: Delays) -> dict[str, Any]:
    return {name: round(value, 1) for name, value in asdict(delays).items()}


async def _rate(
    job: Job, reader: AIOKafkaConsumer, worker: ContenderProcess, order: Order, joins: ContenderProcess | None = None
) -> Delays:
    """Send at one rate, and read until every event has its list."""
    notes = Path(job.folder) / f"notes-{order.seed}.npz"
    command = ("-m", "benchmarks.stream.arrivals", msgspec.json.encode(order).decode(), str(notes))
    loop = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT)
    joining = asyncio.create_task(_join_later(joins, order.seconds / 2)) if joins else None
    try:
        seen = await _read(reader, worker, int(order.rate * order.seconds))
        await loop.wait()
    finally:
        if loop.returncode is None:
            loop.kill()
            await loop.wait()
        if joining:
            await joining
    return delays(order.rate, seen, read_notes(notes))


async def _join_later(process: ContenderProcess, after_s: float) -> None:
    await asyncio.sleep(after_s)
    process.__enter__()


async def _read(reader: AIOKafkaConsumer, worker: ContenderProcess, events: int) -> Seen:
    seen: list[tuple[float, Sequence[bytes]]] = []
    missing, moved = events, time.monotonic()
    while missing > 0:
        worker.require_alive()
        got = await reader.getmany(timeout_ms=POLL_MS)
        moment = time.monotonic()
        for records in got.values():
            seen.append((moment, [(record.value or b"")[:ID_BYTES] for record in records]))
            missing -= len(records)
            moved = moment
        if moment - moved > PATIENCE_S:
            raise Stalled(f"{missing} of {events} events had no list after {PATIENCE_S:g} s; see {worker.log}")
    return seen


def delays(rate: float, seen: Seen, notes: Notes) -> Delays:
    """Join lists and events by place; of a repeated list the first one counts, and of the first seconds none."""
    taken: list[list[tuple[int, float]]] = [[] for _ in range(PARTITIONS)]
    for moment, lists in seen:
        for beginning in lists:
            _, partition, offset = beginning.split(b'"', 4)[3].rsplit(b"-", 2)
            taken[int(partition)].append((int(offset), moment))
    begin = min(sent[0] for sent in notes.sent if len(sent)) + WARM_UP_S
    partitions = zip(taken, notes.first, notes.sent, strict=True)
    found = [_delays(np.array(pairs), int(first), sent, begin) for pairs, first, sent in partitions if pairs]
    all_ms = 1000 * np.concatenate(found)
    p50, p95, p99 = (float(np.percentile(all_ms, share, method="inverted_cdf")) for share in (50, 95, 99))
    return Delays(rate, len(all_ms), p50, p95, p99, float(all_ms.max()), 1000 * notes.late_s)


def _delays(pairs: NDArray[np.float64], first: int, sent: NDArray[np.float64], begin: float) -> NDArray[np.float64]:
    places, which = np.unique(pairs[:, 0].astype(np.int64) - first, return_index=True)
    found: NDArray[np.float64] = (pairs[which, 1] - sent[places])[sent[places] >= begin]
    return found


async def _idle(worker: ContenderProcess, seconds: float) -> float:
    """Share of a core, in percent, that a worker without events uses."""
    await asyncio.sleep(WARM_UP_S)
    before, begin = worker.cpu_s(), time.monotonic()
    await asyncio.sleep(seconds)
    return round(100 * (worker.cpu_s() - before) / (time.monotonic() - begin), 1)


async def _joined(job: Job, worker: ContenderProcess, members: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while await asyncio.to_thread(cluster.members, job.broker, job.group) < members:
        worker.require_alive()
        if time.monotonic() > deadline:
            raise Stalled(f"the worker did not join its group within {PATIENCE_S:g} s; see {worker.log}")
        await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def _reader(job: Job) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        bootstrap_servers=job.broker, enable_auto_commit=False, fetch_max_wait_ms=FETCH_WAIT_MS, max_partition_fetch_bytes=4 << 20
    )
    await reader.start()
    try:
        places = [TopicPartition(job.sink, number) for number in range(PARTITIONS)]
        reader.assign(places)
        await reader.seek_to_end(*places)
        yield reader
    finally:
        await reader.stop()
