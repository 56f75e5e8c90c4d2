"""A service that reads ranked lists: drop repeated ids, keep the newest list of every user. Needs only kafka-python.

python examples/read_lists.py --broker 127.0.0.1:9092 [--count 3]
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

REMEMBERED = 100_000


def main() -> None:
    """Print each user's newest list as it comes; with --count, end after so many."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default="127.0.0.1:9092")
    parser.add_argument("--prefix", default="streamrec.")
    parser.add_argument("--group", default="list-reader", help="consumer group; several readers of one group share the users")
    parser.add_argument("--count", type=int, help="end after so many lists")
    arguments = parser.parse_args()
    topic = arguments.prefix + "recommendations"
    try:
        with KafkaConsumer(topic, bootstrap_servers=arguments.broker, group_id=arguments.group, auto_offset_reset="earliest") as consumer:
            show(consumer, arguments.count)
    except KafkaError as error:
        sys.exit(f"{topic} at {arguments.broker} cannot be read: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def show(consumer: KafkaConsumer, count: int | None) -> None:
    """Print lists, `count` of them or for ever."""
    seen: dict[str, None] = {}
    newest: dict[str, dict[str, Any]] = {}
    for record in consumer:
        ranked = json.loads(record.value)
        # After a crash a list can come again under the same id, and it may arrive after a newer one of its user.
        if ranked["list_id"] in seen or ranked["seq"] < newest.get(ranked["user_id"], {"seq": 0})["seq"]:
            continue
        seen[ranked["list_id"]] = None
        if len(seen) > REMEMBERED:
            seen.pop(next(iter(seen)))
        newest[ranked["user_id"]] = ranked
        top = ", ".join(f"{item['item_id']} {item['score']:.3f} ({'/'.join(item['reasons'])})" for item in ranked["items"][:3])
        print(f"{ranked['user_id']} after {ranked['trigger']['topic']} {ranked['trigger']['event_id']}: {top}", flush=True)
        if count and len(seen) == count:
            break


if __name__ == "__main__":
    main()
