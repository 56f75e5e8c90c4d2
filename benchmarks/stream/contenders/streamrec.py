"""streamrec: the real worker, with its changelog, checkpoints and guards, around a processor that does the work."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import Row, answer, apply, decode_event, new_row, pack, unpack
from streamrec.contract.idle import Idle
from streamrec.contract.memory import Memory
from streamrec.contract.pieces import WorkerPieces
from streamrec.contract.processor import Outcome, Part, Shard
from streamrec.contract.records import Inbound, Outbound
from streamrec.contract.rows import Rows
from streamrec.engine.engine import Engine
from streamrec.settings import Settings, load
from streamrec.worker.worker import run_worker

PAUSE_S = 0.01


class Answer:
    """Answers every view with a list."""

    memory = Memory

    def __init__(self, sink: str) -> None:
        self._sink = sink

    def process(self, parts: Sequence[Part[Row, Memory]]) -> list[Outcome]:
        return [self._answer(part.shard.rows, part.records) for part in parts]

    def _answer(self, rows: Rows[Row], records: Sequence[Inbound]) -> Outcome:
        sink, out = self._sink, []
        for record in records:
            key, value = record.key, record.value
            assert key is not None
            assert value is not None
            event = decode_event(value)
            row = rows.get(key) or new_row()
            apply(row, event, record.partition, record.offset)
            rows.put(key, row)
            made = answer(row, event, record.topic, record.partition, record.offset)
            out.append(Outbound(sink, key, made, partition=record.partition))
        outcome = Outcome(out)
        outcome.counts["applied"] = len(records)
        return outcome

    def waits(self, shard: Shard[Row, Memory]) -> bool:
        return False

    def tick(self, shard: Shard[Row, Memory], now_ms: int) -> Outcome:
        return Outcome()

    def pack(self, row: Row) -> bytes:
        return pack(row)

    def unpack(self, raw: bytes) -> Row:
        return unpack(raw)


def settings(job: Job) -> Settings:
    """The defaults of streamrec, with the names of the job."""
    folder = Path(job.folder) / f"streamrec-{job.worker}"
    prefix = job.source.removesuffix("views")
    return load(broker=job.broker, prefix=prefix, app_id=job.group, partitions=job.partitions, data_dir=folder, web_port=0)


class Stub(Idle):
    """Stands for a model: it is warm when the work is to begin."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def warm(self) -> None:
        """Wait for the start."""
        while self._job.start is not None and not Path(self._job.start).exists():
            time.sleep(PAUSE_S)

    def model(self) -> dict[str, str]:
        """There is none."""
        return {"name": "stubbed"}


def pieces(job: Job) -> Callable[[Settings], WorkerPieces]:
    """The processor for users; items get no events."""

    def make(settings: Settings) -> WorkerPieces:
        processor, stub = Answer(job.sink), Stub(job)
        return WorkerPieces(user=processor, item=processor, follower=stub, gauges=stub)

    return make


async def join_at_once(engine: Engine, instance_id: str) -> None:
    """Instead of biding until it can serve: where work begins when all workers have joined, none can serve before."""


if __name__ == "__main__":
    told = given()
    if told.start is not None:
        Engine.bide = join_at_once  # type: ignore[method-assign]
    run_worker(settings(told), pieces(told))
