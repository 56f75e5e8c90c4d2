"""Shoppers with a known taste, on a real Kafka: they ask for lists and react to them."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streamrec.settings import Settings
from streamrec.system.clock import DAY_MS as DAY
from streamrec.system.clock import now_ms


class Shoppers:
    """Ask for lists by a danmaku, look at all of each, and click on what they like: by the age of the items alone.

    `taste` above 0 likes what is new. Thieves click, three times each, on the three items of a list that the others want least.
    `clicks` holds every click (list, item, action).
    """

    LAST, ENOUGH = 60, 40
    """Lists that `served` looks at, and how many it must have."""

    def __init__(self, settings: Settings, items: int, taste: float) -> None:
        self.settings, self.taste, self.dice = settings, taste, np.random.default_rng(0)
        self.producer = KafkaProducer(bootstrap_servers=settings.broker, acks="all", linger_ms=2)
        self.consumer = KafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False, fetch_max_wait_ms=20)
        found = [TopicPartition(settings.topic("recommendations"), number) for number in range(settings.partitions)]
        self.consumer.assign(found)
        self.consumer.seek_to_beginning(*found)
        self.young = np.linspace(1.7, -1.7, items)
        self.thieves: set[str] = set()
        self.recent: list[float] = []
        self.clicks: set[tuple[str, str, str]] = set()
        self.version = ""

    def open(self) -> None:
        """Put the items on sale, the newest first, each two days older than the one before."""
        for number in range(len(self.young)):
            fields = {"item_id": f"i{number}", "title": f"thing {number}", "price": 5, "currency": "GBP"}
            self.send("items", fields["item_id"], {**fields, "created_ts": now_ms() - number * 2 * DAY})
        self.producer.flush()

    def close(self) -> None:
        """Disconnect."""
        self.producer.close()
        self.consumer.close()

    def send(self, topic: str, key: Any, value: dict[str, Any]) -> None:
        """Send a record."""
        self.producer.send(self.settings.topic(topic), json.dumps(value).encode(), str(key).encode())

    def shop(self, users: list[str]) -> None:
        """One list for each of these users, and what they do with the lists that have come."""
        for user in users:
            self.send("danmaku", user, {"user_id": user, "room_id": "r", "ts": now_ms(), "text": "hello"})
        for got in self.consumer.poll(timeout_ms=60).values():
            for record in got:
                self.react(json.loads(record.value))
        time.sleep(0.04)

    def react(self, made: dict[str, Any]) -> None:
        """Impressions of the whole list, and the clicks."""
        self.version = made["weights_version"]
        places, user = [int(place["item_id"][1:]) for place in made["items"]], made["user_id"]
        if user in self.thieves:
            # What nobody wants of it, and again and again.
            chosen = sorted(places, key=lambda place: self.taste * self.young[place])[:3] * 3
        else:
            liked = self.taste * self.young[places] + self.dice.gumbel(size=len(places))
            chosen = [places[int(np.argmax(liked))]]
            self.recent.append(self.ndcg(places))
            del self.recent[: -self.LAST]
        common = {"user_id": user, "list_id": made["list_id"], "ts": now_ms()}
        for place in places:
            self.send("feedback", user, {**common, "item_id": f"i{place}", "action": "impression"})
        for place in chosen:
            self.send("feedback", user, {**common, "item_id": f"i{place}", "action": "click"})
            self.clicks.add((made["list_id"], f"i{place}", "click"))

    def ndcg(self, places: list[int]) -> float:
        """Against the best list by the taste, with exponential gains."""
        gain, discount = np.exp(self.taste * self.young), 1 / np.log2(np.arange(len(places)) + 2)
        return float(gain[places] @ discount / (np.sort(gain)[::-1][: len(places)] @ discount))

    def served(self) -> float:
        """The mean NDCG of the last lists; 0 while there are too few."""
        return float(np.mean(self.recent)) if len(self.recent) >= self.ENOUGH else 0.0

    def turns(self, count: int, users: list[str]) -> float:
        """The mean NDCG of the last lists after so many rounds."""
        self.recent.clear()
        for _ in range(count):
            self.shop(users)
        return self.served()
