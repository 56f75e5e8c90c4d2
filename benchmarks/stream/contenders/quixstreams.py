"""Quix Streams: a stateful streaming dataframe, with RocksDB and changelog as it has them by default."""

from __future__ import annotations

from pathlib import Path

from quixstreams import Application, State, message_context

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import answer, apply, decode_event, new_row, pack, unpack


def run(job: Job) -> None:
    """Work until SIGTERM."""
    app = Application(
        broker_address=job.broker,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        state_dir=Path(job.folder) / "state",
        loglevel="WARNING",
    )
    source = app.topic(job.source, key_deserializer="bytes", value_deserializer="bytes")
    sink = app.topic(job.sink, key_serializer="bytes", value_serializer="bytes")

    def work(value: bytes, state: State[str, bytes]) -> bytes:
        place = message_context()
        event = decode_event(value)
        raw = state.get_bytes("row")
        row = new_row() if raw is None else unpack(raw)
        apply(row, event, place.partition, place.offset)
        state.set_bytes("row", pack(row))
        return answer(row, event, place.topic, place.partition, place.offset)

    app.dataframe(source).apply(work, stateful=True).to_topic(sink)
    app.run()


if __name__ == "__main__":
    run(given())
