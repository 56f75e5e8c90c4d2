"""Made-up viewers as an open loop: messages sent at times fixed beforehand, by a process of its own, which notes when each trigger left."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from itertools import chain
from pathlib import Path

import msgspec
import uvloop
from aiokafka import AIOKafkaProducer

from streamrec.events.files import read_items
from streamrec.kafka import clients
from streamrec.settings import Settings, load
from streamrec.simulator.playback import SAMPLE_ITEMS
from streamrec.simulator.shop import Shop
from streamrec.system.clock import now_ms

TICK_S = 0.005
"""What is due within one tick leaves together, as from a gateway."""

Place = tuple[str, int, int]
"""Topic, partition and offset."""


class Order(msgspec.Struct, frozen=True):
    """What to send: `rate` messages per second for `seconds`, of a shop with so many viewers."""

    rate: float
    seconds: float
    viewers: int
    seed: int


class Notes(msgspec.Struct):
    """Where each trigger is and the monotonic time (s) at which it was sent, `late_s` after its time at worst."""

    triggers: list[tuple[Place, float]]
    late_s: float


def read_notes(path: Path) -> Notes:
    """The notes of a loop that has ended."""
    return msgspec.json.decode(path.read_bytes(), type=Notes)


async def run(settings: Settings, order: Order) -> Notes:
    """Send everything."""
    shop = Shop(read_items(SAMPLE_ITEMS), viewers=order.viewers, seed=order.seed)
    producer = AIOKafkaProducer(**clients.aiokafka(settings), acks="all")
    await producer.start()
    gc.freeze()
    messages = chain(shop.opening(now_ms()), (shop.moment(now_ms(), buying=True) for _ in iter(int, 1)))
    on_the_way, count, late_s, start = [], 0, 0.0, time.monotonic()
    while (at := time.monotonic()) < start + order.seconds:
        due = int((at - start) * order.rate) + 1
        late_s = max(late_s, at - start - count / order.rate)
        for message in (next(messages) for _ in range(due - count)):
            done = await producer.send(settings.topic(message.topic), message.value, message.key, headers=list(message.headers))
            if message.trigger:
                on_the_way.append((at, done))
        count = due
        await asyncio.sleep(max(TICK_S, start + count / order.rate - time.monotonic()))
    places = [(await done, at) for at, done in on_the_way]
    await producer.stop()
    return Notes([((place.topic, place.partition, place.offset), at) for place, at in places], late_s)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = runner.run(run(load(), msgspec.json.decode(sys.argv[1], type=Order)))
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(made))
