"""Plain Faust: an agent, a table on RocksDB with its changelog, and a sink topic, written as its documentation has it."""

from __future__ import annotations

import sys
from typing import Any

import faust

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import answer, apply, decode_event, new_row, pack, unpack


def make(job: Job) -> faust.App:
    """The app; keys and values are bytes, so that Faust's own codecs cost nothing."""
    app = faust.App(
        job.group,
        broker=f"kafka://{job.broker}",
        store="rocksdb://",
        datadir=job.folder,
        topic_partitions=job.partitions,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    source = app.topic(job.source, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    sink = app.topic(job.sink, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    rows = app.Table("rows", key_type=bytes, value_type=bytes, partitions=job.partitions)

    @app.agent(source)
    async def work(stream: Any) -> None:
        async for got in stream.events():
            key, place = got.key, got.message
            event = decode_event(got.value)
            raw = rows.get(key)
            row = new_row() if raw is None else unpack(raw)
            apply(row, event, place.partition, place.offset)
            rows[key] = pack(row)
            await sink.send(key=key, value=answer(row, event, place.topic, place.partition, place.offset))

    return app


if __name__ == "__main__":
    worker = faust.Worker(make(given()), loglevel="WARN")
    sys.exit(worker.execute_from_commandline())
