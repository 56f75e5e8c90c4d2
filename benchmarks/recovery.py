"""How soon a worker serves with few and with many partitions, and how fast a lost disk comes back.

    python -m benchmarks.recovery [--partitions 8,64,256] [--records 1000000] [--json]

The worker is the real one with scoring off; "ready" counts from the start of its process until /ready says 200, for its first start
and for the next one after a kill -9. The lost disk is that of eight user partitions with rows of 450 bytes, rebuilt by the engine's own
recovery from a changelog that its own checkpoints have written. Kafka shares the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvloop

from benchmarks.faults.waiting import until
from benchmarks.faults.workers import Worker
from benchmarks.machine import machine
from benchmarks.stream.processes import TICKS_PER_S
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.contract.memory import Memory
from streamrec.contract.processor import Processor
from streamrec.engine.partition import Family, Partition
from streamrec.engine.recovery import recover
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import Mark, encode
from streamrec.engine.store.table import Budget
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.system.addresses import http_url
from streamrec.web.client import get

READY_S = 180.0
IDLE_S = 10.0
ROW_BYTES, ROWS, ROWS_PER_CHECKPOINT = 450, 25_000, 2_500
LOST = 8


def _ready(worker: Worker) -> bool:
    assert worker.process is not None
    try:
        web = json.loads((worker.folder / "web.json").read_bytes())
        return bool(web["pid"] == worker.process.pid and get(f"{http_url(web['host'], web['port'])}/ready").status == 200)
    except (OSError, ValueError):
        return False


def _start(worker: Worker) -> float:
    begin = time.monotonic()
    worker.start(hold=True)
    until(lambda: _ready(worker) or not worker.alive, READY_S)
    if not _ready(worker):
        raise SystemExit(f"the worker does not serve:\n{worker.end_of_log()}")
    return round(time.monotonic() - begin, 2)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def many(folder: Path, partitions: int) -> dict[str, Any]:
    """One worker with that many partitions, two state families each."""
    with EmbeddedBroker(folder / "kafka") as broker:
        settings = Settings(broker=broker, prefix="many.", app_id="many", partitions=partitions, data_dir=folder)
        topics.create(settings)
        worker = Worker(settings, "a", {"STREAMREC_SCORING": "off"})
        found: dict[str, Any] = {"partitions": partitions, "first_ready_s": _start(worker)}
        try:
            assert worker.process is not None
            pid, begin, before = worker.process.pid, time.monotonic(), _cpu_s(worker.process.pid)
            time.sleep(IDLE_S)
            found["idle_cpu_percent"] = round(100 * (_cpu_s(pid) - before) / (time.monotonic() - begin), 1)
            status = Path(f"/proc/{pid}/status").read_text()
            found["rss_mib"] = int(status.partition("VmRSS:")[2].split()[0]) // 1024
            found["files"] = len(os.listdir(f"/proc/{pid}/fd"))
            worker.kill()
            found["ready_again_s"] = _start(worker)
            found["exit_code"] = worker.terminate()
        finally:
            if worker.alive:
                worker.kill()
    return found


async def _lose(settings: Settings, folder: Path, records: int) -> dict[str, Any]:
    ids = {report.topic: report.topic_id for report in topics.describe(settings)}
    source = settings.topic("views")
    # Recovery moves packed rows and knows nothing of what they mean: of the processor it asks only what it remembers.
    family = Family("user", (source,), settings.topic("user-changelog"), cast("Processor[Any, Any]", SimpleNamespace(memory=Memory)))
    mark = encode(Mark({source: 0}, {source: ids[source]}, {}))
    dice = random.Random(0)

    def rows(number: int) -> Iterator[list[tuple[bytes, bytes | None]]]:
        for _ in range(records // LOST // ROWS_PER_CHECKPOINT):
            yield [(b"user-%d-%d" % (number, dice.randrange(ROWS)), dice.randbytes(ROW_BYTES)) for _ in range(ROWS_PER_CHECKPOINT)]

    for number in range(LOST):
        changelog = Changelog(settings, "user", family.changelog, number)
        await changelog.open()
        for changed in rows(number):
            await changelog.commit(changed, mark)
        await changelog.close()
    lost = [
        Partition(family, number, Changelog(settings, "user", family.changelog, number), Disk(folder / str(number)), Budget(1))
        for number in range(LOST)
    ]
    begin, cpu = time.monotonic(), time.process_time()
    await recover(settings, lost, ids, {family.changelog: topics.DAY_MS})
    seconds, cpu = time.monotonic() - begin, time.process_time() - cpu
    read = sum(one.disk.stamp.position for one in lost if one.disk.stamp)
    for one in lost:
        one.disk.close()
    return {
        "records": read,
        "records_per_s": round(read / seconds),
        "cpu_us_per_record": round(1e6 * cpu / read, 2),
        "row_bytes": ROW_BYTES,
    }


def lost_disk(folder: Path, records: int) -> dict[str, Any]:
    """Rebuild eight partitions from their changelogs."""
    with EmbeddedBroker(folder / "kafka") as broker:
        settings = Settings(broker=broker, prefix="lost.", app_id="lost", partitions=LOST, data_dir=folder)
        topics.create(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_lose(settings, folder / "disks", records))


def main() -> None:
    """Measure, one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partitions", default="8,64,256", help="comma-separated; each is measured by itself")
    parser.add_argument("--records", type=int, default=1_000_000, help="in the changelogs of the lost disk")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()

    def show(found: dict[str, Any]) -> None:
        print(json.dumps(found) if arguments.json else "  ".join(f"{name} {value}" for name, value in found.items()), flush=True)

    show({"machine": machine()})
    for partitions in map(int, arguments.partitions.split(",")):
        with tempfile.TemporaryDirectory(prefix="streamrec-recovery-") as folder:
            show(many(Path(folder), partitions))
    with tempfile.TemporaryDirectory(prefix="streamrec-recovery-") as folder:
        show(lost_disk(Path(folder), arguments.records))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
