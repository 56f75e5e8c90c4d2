"""Throughput: events wait in the topic, a contender starts, and its lists are counted until the last one."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from benchmarks.stream import cluster
from benchmarks.stream.check import check_lists, check_rows
from benchmarks.stream.contenders import Contender
from benchmarks.stream.job import Job
from benchmarks.stream.meter import Rates, rates, watch
from benchmarks.stream.processes import ContenderProcess
from benchmarks.stream.traffic import PARTITIONS, Traffic, preload
from streamrec.errors import Stalled
from streamrec.kafka import topics
from streamrec.settings import load

WARM_UP = 0.1
SETTLE_S = 1.5
JOIN_PATIENCE_S = 60.0
PAUSE_S = 0.2


def measure(broker: str, contender: Contender, traffic: Traffic, workers: int = 1) -> Rates:
    """Run a contender over the traffic, and require that it did all its work.

    The first tenth of the traffic, or all that it begins with to greet the users, is warm-up and does not count.

    Raises:
        WorkMissing, Stalled, WorkerEnded: its figures would mean nothing.
    """
    with prepared(broker, contender) as job:
        asyncio.run(preload(broker, job.source, traffic.records()))
        ends = cluster.Ends(broker, job.sink)
        try:
            with ExitStack() as stack:
                processes = [stack.enter_context(process) for process in _processes(contender, job, workers)]
                if workers > 1:
                    _begin_together(job, processes)
                samples = watch(ends, processes, traffic.count)
                time.sleep(SETTLE_S)
        finally:
            ends.close()
        asyncio.run(_check(contender, job, traffic))
    return rates(samples, traffic.greeted or int(traffic.count * WARM_UP), traffic.count)


@contextmanager
def prepared(broker: str, contender: Contender) -> Iterator[Job]:
    """A job with topics and a folder of its own, which are gone afterwards."""
    run = f"run-{secrets.token_hex(4)}"
    prefix = f"{run}."
    with tempfile.TemporaryDirectory(prefix="streamrec-bench-") as folder:
        job = Job(
            broker=broker,
            source=f"{prefix}views",
            sink=f"{prefix}recommendations",
            changelog=f"{prefix}user-changelog",
            group=run,
            folder=folder,
            partitions=PARTITIONS,
        )
        try:
            if contender.name == "streamrec":
                topics.create(load(broker=broker, prefix=prefix, partitions=PARTITIONS))
            else:
                cluster.create(broker, [job.source, job.sink], [job.changelog])
            cluster.await_leaders(broker, [job.source, job.sink, job.changelog])
            yield job
        finally:
            cluster.remove(broker, run)


def _processes(contender: Contender, job: Job, workers: int) -> Iterator[ContenderProcess]:
    for number in range(workers):
        start = str(_start(job)) if workers > 1 else None
        yield ContenderProcess(contender.name, msgspec.structs.replace(job, worker=number, start=start))


def _start(job: Job) -> Path:
    return Path(job.folder) / "start"


def _begin_together(job: Job, processes: list[ContenderProcess]) -> None:
    """Let the workers begin when the group has given all of them their partitions."""
    deadline = time.monotonic() + JOIN_PATIENCE_S
    while cluster.members(job.broker, job.group) < len(processes):
        for process in processes:
            process.require_alive()
        if time.monotonic() > deadline:
            raise Stalled(f"the {len(processes)} workers did not join the group within {JOIN_PATIENCE_S:g} s; see {processes[0].log}")
        time.sleep(PAUSE_S)
    _start(job).touch()


async def _check(contender: Contender, job: Job, traffic: Traffic) -> None:
    await check_lists(job.broker, job.sink, traffic)
    if contender.changelog is not None:
        prefix = job.source.removesuffix("views")
        await check_rows(job.broker, contender.changelog.format(prefix=prefix, group=job.group, source=job.source), traffic)
