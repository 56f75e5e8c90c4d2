"""The real worker forgets ids that no item record lists, also through kill -9, and counts those of real items exactly."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Worker, records, stop_all, until
from tests.test_crash import counted

pytestmark = pytest.mark.kafka
MOST, INVENTED, WAVES, ITEMS = 20, 150, 3, 5


def told(settings: Settings) -> set[str]:
    """The ids of which item-stats says anything, once it is compacted."""
    latest = {record.key.decode(): record.value for record in records(settings, "item-stats")}
    return {item_id for item_id, value in latest.items() if value is not None}


def held(worker: Worker, what: str) -> float:
    """What the worker's catalogue holds."""
    found = re.search(rf'^streamrec_catalogue{{what="{what}"}} (\S+)$', worker.get("/metrics")[1], re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_invented_ids_leave_next_to_nothing_and_real_items_lose_nothing(broker: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker, prefix="unlisted.", app_id="unlisted", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off", STREAMREC_UNLISTED_ITEMS=str(MOST))
    ts, real, invented = int(time.time() * 1000), Counter[str](), list[str]()
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:

        def send(topic: str, key: str, **fields: Any) -> None:
            producer.send(settings.topic(topic), json.dumps(fields).encode(), key=key.encode())

        def wave(number: int) -> None:
            for place in range(INVENTED):
                user, item, nothing = f"u{place % 7}", f"i{place % ITEMS}", f"invented-{number}-{place}"
                for item_id in (item, nothing):
                    send("views", user, user_id=user, item_id=item_id, ts=ts)
                real[item] += 1
                invented.append(nothing)
            producer.flush()

        def rests() -> bool:
            rows = counted(settings)
            return {name: rows[name] for name in real} == real and len(rows) <= ITEMS + MOST and told(settings) == set(rows)

        for number in range(ITEMS):
            send("items", f"i{number}", item_id=f"i{number}", title=f"thing {number}", price=1, currency="GBP")
        try:
            worker.start().ready()
            for number in range(WAVES):
                wave(number)
                until(lambda: len(records(settings, "item-stats")) > INVENTED, "some statistics, so that the kill falls among them")
                worker.kill()
                worker.start()
            worker.ready()
            until(rests, f"rows of real items and of few others; the log: {worker.log.read_text()[-1500:]}")
            until(lambda: held(worker, "unlisted") == len(counted(settings)) - ITEMS, "a catalogue that knows of what was forgotten")
            assert held(worker, "slots") == ITEMS
            assert worker.stop() == 0
            worker.start().ready()
            until(lambda: held(worker, "unlisted") == len(counted(settings)) - ITEMS, "the same after a restart")
            assert held(worker, "slots") == ITEMS
            known = sorted(set(counted(settings)) - set(real))
            send("items", known[0], item_id=known[0], title="listed at last", price=1, currency="GBP")
            until(lambda: held(worker, "slots") == ITEMS + 1, "a slot for what is listed")
            assert held(worker, "unlisted") == len(known) - 1
        finally:
            stop_all([worker])
    assert set(known) < set(invented)
