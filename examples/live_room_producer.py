"""A live room as it feeds streamrec: its items, itself, then what its viewers do. Needs only kafka-python.

    python examples/live_room_producer.py --broker 127.0.0.1:9092

Keys decide where records go: items by item_id, rooms by room_id, all that viewers do by user_id. kafka-python hashes
keys with murmur2, as the topics need it; with librdkafka set partitioner=murmur2_random.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

ITEMS = [
    {"item_id": "mug-1", "title": "Red enamel mug", "price": 8.5, "currency": "EUR", "stock": 40},
    {"item_id": "mug-2", "title": "Blue enamel mug", "price": 8.5, "currency": "EUR", "stock": 25},
    {"item_id": "lamp-1", "title": "Paper lantern, warm white", "price": 19.0, "currency": "EUR", "stock": 12},
]


def main() -> None:
    """Open a room, let three things happen, and say when Kafka has them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default="127.0.0.1:9092")
    parser.add_argument("--prefix", default="streamrec.")
    arguments = parser.parse_args()
    try:
        with KafkaProducer(bootstrap_servers=arguments.broker, acks="all") as producer:
            play(producer, arguments.prefix)
    except KafkaError as error:
        sys.exit(f"{arguments.broker} did not take it all ({error}); `streamrec topics create` makes the topics")
    print(f"sent {len(ITEMS)} items, a room and three events of anna; `python examples/read_lists.py` shows her lists")


def play(producer: KafkaProducer, prefix: str) -> None:
    """Send it all, and return when Kafka has it."""

    def send(topic: str, key: str, **fields: Any) -> None:
        if topic != "items":  # what happens has the time at which it happens: lists show how long after it they came
            fields["ts"] = int(time.time() * 1000)
        sent = producer.send(prefix + topic, key=key.encode(), value=json.dumps(fields).encode())
        sent.get(timeout=30)  # a producer of many events would look at the outcome later, in a callback

    for item in ITEMS:
        send("items", item["item_id"], **item)
    send("rooms", "kitchen", room_id="kitchen", host_id="mei", status="live", shelf=[item["item_id"] for item in ITEMS], on_air="mug-1")
    viewer = {"user_id": "anna", "room_id": "kitchen"}
    send("views", "anna", **viewer, item_id="mug-1", dwell_ms=4200)
    send("danmaku", "anna", **viewer, text="how much is number 3?")
    send("purchases", "anna", **viewer, item_id="lamp-1", quantity=1, price=19.0, currency="EUR", order_id="o-1")


if __name__ == "__main__":
    main()
