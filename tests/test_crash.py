"""The real worker, killed again and again while events come: users and items count every event once, and every trigger has its list."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from streamrec.engine.store.mark import MARK
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.state.packing import unpack_item, unpack_user
from streamrec.state.user import UserRow
from tests.engine.support import Worker, records, stop_all, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka
KILLS, EVENTS, USERS, ITEMS = 3, 400, 23, 11


def latest(settings: Settings, topic: str) -> dict[bytes, bytes]:
    """The rows that a changelog holds now."""
    found = {record.key: record.value for record in records(settings, topic) if record.key != MARK}
    return {key: value for key, value in found.items() if value is not None}


def bought(settings: Settings) -> Counter[tuple[str, str]]:
    """Purchases by user and item, as the users' rows count them; all have one event time, so that nothing fades."""
    found: Counter[tuple[str, str]] = Counter()
    for key, value in latest(settings, "user-changelog").items():
        row = unpack_user(value)
        assert isinstance(row, UserRow)
        found.update({(key.decode(), item): entry.count for item, entry in row.bought.items()})
    return found


def counted(settings: Settings) -> Counter[str]:
    """Signals by item, as the items' rows count them."""
    return Counter({key.decode(): unpack_item(value).version for key, value in latest(settings, "item-changelog").items()})


def test_users_and_items_count_every_event_once_through_kill_9(broker: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker, prefix="crash.", app_id="crash", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker")
    ts = int(time.time() * 1000)
    sent: list[tuple[str, str]] = []
    triggers: set[tuple[str, int, int]] = set()
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:

        def send(topic: str, key: str, **fields: Any) -> Any:
            return producer.send(settings.topic(topic), json.dumps(fields).encode(), key=key.encode())

        def buy(count: int) -> None:
            futures = []
            for number in range(len(sent), len(sent) + count):
                user, item = f"u{number % USERS}", f"i{number % ITEMS}"
                futures.append(send("purchases", user, user_id=user, item_id=item, ts=ts, price=1, currency="GBP", event_id=f"e{number}"))
                sent.append((user, item))
            for future in futures:
                place = future.get(timeout=PATIENCE_S)
                triggers.add((place.topic, place.partition, place.offset))

        for number in range(ITEMS):
            send("items", f"i{number}", item_id=f"i{number}", title=f"thing {number}", price=1, currency="GBP")
        try:
            worker.start().ready()
            for _ in range(KILLS):
                buy(EVENTS // 2)
                before = len(records(settings, "recommendations"))
                buy(EVENTS // 2)
                until(lambda seen=before: len(records(settings, "recommendations")) > seen, "lists, so that the kill falls among them")
                worker.kill()
                worker.start()
            expected_items = Counter(item for _, item in sent)
            until(lambda: bought(settings) == Counter(sent), f"every purchase once; the log: {worker.log.read_text()[-1500:]}")
            until(lambda: counted(settings) == expected_items, "every signal once")
            assert worker.ready().stop() == 0
        finally:
            stop_all([worker])
    assert bought(settings) == Counter(sent)
    assert counted(settings) == expected_items
    lists = [json.loads(record.value) for record in records(settings, "recommendations")]
    assert {tuple(place) for made in lists for place in made["covers"]} == triggers
    assert latest(settings, "dead-letters") == {}
