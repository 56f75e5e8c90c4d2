"""What made-up viewers do with the lists that they get: they look at it from the top, and react by their taste."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from statistics import median
from typing import Any

import msgspec

from streamrec.events.types import Item, Recommendation
from streamrec.settings import Settings
from streamrec.simulator.messages import SIMULATED, Message, message

CHEAP, NEW = "cheap", "new"
LOOKS_ON = 0.9
"""Chance to look at the next place of a list."""
LIKED, OTHER = 0.25, 0.03
"""Chance of a click on an item of their taste, and on any other."""
BUYS = 0.3
"""Chance of a purchase after a click."""
POLL_MS = 200


class Critics:
    """Viewers who all like the same: `cheap` or `new` items, or a word in the title."""

    def __init__(self, items: Sequence[Item], likes: str, seed: int = 0) -> None:
        self._dice = Random(seed)
        self._liked = {item.item_id for item in items if _likes(items, likes)(item)}

    def reactions(self, made: Recommendation, now_ms: int) -> Iterator[Message]:
        """Impressions, clicks and purchases; the same lists in the same order give the same."""
        for position, place in enumerate(made.items):
            if self._dice.random() > LOOKS_ON**position:
                break
            yield self._say(made, place.item_id, position, "impression", now_ms)
            if self._dice.random() < (LIKED if place.item_id in self._liked else OTHER):
                yield self._say(made, place.item_id, position, "click", now_ms)
                if self._dice.random() < BUYS:
                    yield self._say(made, place.item_id, position, "purchase", now_ms)

    def share(self, made: Recommendation) -> float:
        """How much of a list is to their taste."""
        return sum(place.item_id in self._liked for place in made.items) / max(len(made.items), 1)

    @staticmethod
    def _say(made: Recommendation, item_id: str, position: int, action: str, now_ms: int) -> Message:
        fields = {
            "user_id": made.user_id,
            "list_id": made.list_id,
            "item_id": item_id,
            "position": position,
            "action": action,
            "ts": now_ms,
        }
        return message("feedback", fields, SIMULATED)


def _likes(items: Sequence[Item], likes: str) -> Callable[[Item], bool]:
    if likes == CHEAP:
        usual = median([item.price for item in items] or [0.0])
        return lambda item: item.price < usual
    if likes == NEW:
        born = median([item.created_ts or 0 for item in items] or [0])
        return lambda item: (item.created_ts or 0) > born
    word = likes.lower()
    return lambda item: word in item.title.lower()


@contextmanager
def arriving(settings: Settings) -> Iterator[Callable[[], list[Recommendation]]]:
    """Polls for the lists that come from now on."""
    from kafka import KafkaConsumer, TopicPartition

    from streamrec.stream import clients, topics

    decode = msgspec.json.Decoder(Recommendation).decode
    consumer: Any = KafkaConsumer(**clients.kafka_python(settings), enable_auto_commit=False)
    try:
        count = topics.partitions_of(topics.TOPICS["recommendations"], settings)
        places = [TopicPartition(settings.topic("recommendations"), number) for number in range(count)]
        consumer.assign(places)
        consumer.seek_to_end(*places)
        for place in places:
            consumer.position(place)
        yield lambda: [decode(record.value) for records in consumer.poll(timeout_ms=POLL_MS).values() for record in records]
    finally:
        consumer.close()
