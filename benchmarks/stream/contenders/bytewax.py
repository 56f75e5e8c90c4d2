"""Bytewax: a dataflow keyed by user, with recovery in its own store; rows are kept packed, which its snapshots copy fastest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from benchmarks.stream.job import Job, given
from benchmarks.stream.work import answer, apply, decode_event, new_row, pack, unpack

EPOCH = timedelta(seconds=5)


def make(job: Job) -> Dataflow:
    """The dataflow."""
    flow = Dataflow("bench")
    events = op.input("in", flow, KafkaSource([job.broker], [job.source]))
    keyed = op.key_on("user", events, _user)

    def work(raw: bytes | None, message: Any) -> tuple[bytes, KafkaSinkMessage[bytes, bytes]]:
        event = decode_event(message.value)
        row = new_row() if raw is None else unpack(raw)
        apply(row, event, message.partition, message.offset)
        return pack(row), KafkaSinkMessage(message.key, answer(row, event, message.topic, message.partition, message.offset))

    lists = op.map("list", op.stateful_map("row", keyed, work), lambda pair: pair[1])
    op.output("out", lists, KafkaSink([job.broker], job.sink, {"partitioner": "murmur2_random"}))
    return flow


def _user(message: Any) -> str:
    user: str = message.key.decode()
    return user


def run(job: Job) -> None:
    """Work until SIGTERM."""
    folder = Path(job.folder) / "recovery"
    folder.mkdir()
    init_db_dir(folder, 1)
    cli_main(make(job), epoch_interval=EPOCH, recovery_config=RecoveryConfig(folder))


if __name__ == "__main__":
    run(given())
