"""The open loop: events sent at times fixed beforehand, by a process of its own, which notes when each of them was sent."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import uvloop
from aiokafka import AIOKafkaProducer
from numpy.typing import NDArray

from benchmarks.stream.traffic import BATCH_BYTES, PARTITIONS, Sent, Traffic, send

TICK_S = 0.005


class Order(msgspec.Struct, frozen=True):
    """What to send: `rate` events per second for `seconds`, of so many users."""

    broker: str
    topic: str
    users: int
    rate: float
    seconds: float
    seed: int


@dataclass(frozen=True)
class Notes:
    """When the events of each partition were sent, in monotonic seconds from the offset `first` on; `late_s` after their times at worst."""

    first: NDArray[np.int64]
    sent: list[NDArray[np.float64]]
    late_s: float


def read_notes(path: Path) -> Notes:
    """The notes of a loop that has ended."""
    with np.load(path) as file:
        return Notes(file["first"], [file[f"sent{partition}"] for partition in range(PARTITIONS)], float(file["late_s"]))


def write_notes(path: Path, batches: list[tuple[float, int, int, int]], late_s: float) -> None:
    """Write notes from batches: moment, partition, first offset, records."""
    first, sent = np.zeros(PARTITIONS, np.int64), {}
    for partition in range(PARTITIONS):
        own = sorted((offset, records, moment) for moment, number, offset, records in batches if number == partition)
        if own:
            first[partition] = own[0][0]
        sent[f"sent{partition}"] = np.repeat([moment for *_, moment in own], [records for _, records, _ in own]).astype(np.float64)
    np.savez(path, allow_pickle=False, first=first, late_s=np.float64(late_s), **sent)


async def run(order: Order, notes: Path) -> None:
    """Send everything and note when; the events of one tick leave together, as those of a gateway do."""
    records = list(Traffic(order.users, int(order.rate * order.seconds), order.seed).records())
    producer = AIOKafkaProducer(bootstrap_servers=order.broker, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES)
    await producer.start()
    gc.freeze()  # a pause to look through all records would count as the worker's
    on_the_way: list[tuple[float, Sent]] = []
    tick_s = max(TICK_S, 1 / order.rate)
    late_s, begun, at = 0.0, 0, time.monotonic()
    start = at
    while begun < len(records):
        at += tick_s
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        due = min(len(records), round((at - start) * order.rate))
        moment = time.monotonic()
        late_s = max(late_s, moment - at)
        on_the_way += [(moment, one) for one in await send(producer, order.topic, records[begun:due])]
        begun = due
    batches = [(moment, one.partition, int((await one.done).offset), one.records) for moment, one in on_the_way]
    await producer.stop()
    write_notes(notes, batches, late_s)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(msgspec.json.decode(sys.argv[1], type=Order), Path(sys.argv[2])))
