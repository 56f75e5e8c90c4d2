"""What made-up viewers do with their lists: they look at them from the top, and react by their taste."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from statistics import median
from typing import Any

from streamrec.events.codec import decode_list
from streamrec.events.types import Item, Recommendation
from streamrec.settings import Settings
from streamrec.simulator.messages import SIMULATED, Message, message

CHEAP, NEW = "cheap", "new"
# The cascade that click models take for granted: the tenth place is seen in 0.9^9, four lists of ten.
LOOKS_ON = 0.9
"""Chance that a viewer looks at the next place of a list, too."""
LIKED, OTHER = 0.25, 0.03
"""Chance of a click on an item to their taste, and on any other: far enough apart to learn from within a minute of the demo."""
BUYS = 0.3
"""Chance of a purchase after a click."""
POLL_MS = 200


class Critics:
    """Viewers who look at lists and react; `likes(user_id, item_id)` says whether the item is to the user's taste."""

    def __init__(self, likes: Callable[[str, str], bool], seed: int = 0) -> None:
        self._dice, self._likes = Random(seed), likes

    def reactions(self, made: Recommendation, now_ms: int) -> Iterator[Message]:
        """Impressions, clicks and purchases; the same lists in the same order get the same reactions."""
        for position, place in enumerate(made.items):
            # Once a viewer stops looking, nothing below was shown: no impression is made up for it.
            if self._dice.random() > LOOKS_ON**position:
                break
            yield self._say(made, place.item_id, position, "impression", now_ms)
            if self._dice.random() < (LIKED if self._likes(made.user_id, place.item_id) else OTHER):
                yield self._say(made, place.item_id, position, "click", now_ms)
                if self._dice.random() < BUYS:
                    yield self._say(made, place.item_id, position, "purchase", now_ms)

    def share(self, made: Recommendation) -> float:
        """The share of a list that is to its user's taste."""
        return sum(self._likes(made.user_id, place.item_id) for place in made.items) / max(len(made.items), 1)

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


def taste(items: Sequence[Item], words: str) -> Callable[[str, str], bool]:
    """A taste that all viewers share: items `cheap` in their currency, `new` items, or those with the words in their title."""
    if words == CHEAP:
        prices: dict[str, list[float]] = {}
        for item in items:
            prices.setdefault(item.currency, []).append(item.price)
        usual = {currency: median(found) for currency, found in prices.items()}
        liked = {item.item_id for item in items if item.price < usual[item.currency]}
    elif words == NEW:
        born = median([item.created_ts or 0 for item in items] or [0])
        liked = {item.item_id for item in items if (item.created_ts or 0) > born}
    else:
        liked = {item.item_id for item in items if words.lower() in item.title.lower()}
    return lambda user_id, item_id: item_id in liked


@contextmanager
def arriving(settings: Settings) -> Iterator[Callable[[], list[Recommendation]]]:
    """A function that polls for the lists written from now on."""
    from kafka import KafkaConsumer, TopicPartition

    from streamrec.kafka import clients, topics

    consumer: Any = KafkaConsumer(**clients.kafka_python(settings), enable_auto_commit=False)
    try:
        count = topics.partitions_of(topics.TOPICS["recommendations"], settings)
        partitions = [TopicPartition(settings.topic("recommendations"), number) for number in range(count)]
        consumer.assign(partitions)
        consumer.seek_to_end(*partitions)
        for partition in partitions:
            # kafka-python looks up the end when the position is asked for: later, lists of the meantime would be missed.
            consumer.position(partition)
        yield lambda: [decode_list(record.value) for records in consumer.poll(timeout_ms=POLL_MS).values() for record in records]
    finally:
        consumer.close()
