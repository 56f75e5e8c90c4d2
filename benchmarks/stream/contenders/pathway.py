"""Pathway: events grouped by user, with a stateful reducer that holds the row and the lists of a batch, and persistence of its input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pathway as pw

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import answer, apply, decode_event, new_row, pack, unpack

COMMIT_MS = 100
BACKLOG = 10_000
"""Without a limit it reads all that waits into one batch, and the lists come at the end, all at once."""
SNAPSHOT_MS = 5000


def build(job: Job) -> None:
    """Declare the tables."""
    settings = {"bootstrap.servers": job.broker, "group.id": job.group, "auto.offset.reset": "earliest"}
    topic = job.source

    @pw.reducers.stateful_many
    def work(state: tuple[bytes, tuple[bytes, ...]] | None, rows: list[tuple[Any, int]]) -> tuple[bytes, tuple[bytes, ...]]:
        row = new_row() if state is None else unpack(state[0])
        lists = []
        for (value, partition, offset), _ in sorted(rows, key=lambda one: one[0][2]):
            event = decode_event(value)
            apply(row, event, partition, offset)
            lists.append(answer(row, event, topic, partition, offset))
        return pack(row), tuple(lists)

    read = pw.io.kafka.read(
        settings,
        topic=topic,
        format="raw",
        with_metadata=True,
        name="views",
        autocommit_duration_ms=COMMIT_MS,
        max_backlog_size=BACKLOG,
    )
    place = read["_metadata"]
    events = read.select(pw.this.key, pw.this.data, partition=place["partition"].as_int(), offset=place["offset"].as_int())
    rows = events.groupby(pw.this.key).reduce(pw.this.key, state=work(pw.this.data, pw.this.partition, pw.this.offset))
    lists = rows.to_stream().select(pw.this.key, value=pw.this.state[1]).flatten(pw.this.value)
    out = {"bootstrap.servers": job.broker, "partitioner": "murmur2_random"}
    pw.io.kafka.write(lists, out, job.sink, format="raw", key=lists.key, value=lists.value)


def run(job: Job) -> None:
    """Work until SIGTERM."""
    build(job)
    backend = pw.persistence.Backend.filesystem(Path(job.folder) / "persistence")
    persistence = pw.persistence.Config(backend, snapshot_interval_ms=SNAPSHOT_MS)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE, persistence_config=persistence)


if __name__ == "__main__":
    run(given())
