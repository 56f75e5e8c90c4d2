"""The real worker sends the statistics of all items again where their topic was deleted and made again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from streamrec.engine import exits
from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Worker, stop_all, until
from tests.test_crash import counted
from tests.test_unlisted import told

pytestmark = pytest.mark.kafka
ITEMS = 40


def test_statistics_come_back_from_the_rows_of_the_items(broker: str, tmp_path: Path) -> None:
    settings = Settings(broker=broker, prefix="statistics.", app_id="statistics", partitions=2, data_dir=tmp_path)
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off")
    ids = {f"i{number}" for number in range(ITEMS)}
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
        for name in sorted(ids):
            item = {"item_id": name, "title": f"thing {name}", "price": 1, "currency": "GBP"}
            view = {"user_id": f"u{name}", "item_id": name, "ts": int(time.time() * 1000)}
            producer.send(settings.topic("items"), json.dumps(item).encode(), key=name.encode())
            producer.send(settings.topic("views"), json.dumps(view).encode(), key=f"u{name}".encode())
    try:
        worker.start().ready()
        until(lambda: told(settings) == ids, "statistics of all items")
        rows = counted(settings)
        client = KafkaAdminClient(bootstrap_servers=broker)
        client.delete_topics([settings.topic("item-stats")])
        client.close()
        assert worker.exit_code() == exits.STATE
        until(lambda: topics.create(settings)[0].state == "ok" and not told(settings), "a topic of that name, with nothing in it")
        worker.start().ready()
        until(lambda: told(settings) == ids, f"the same statistics; the log: {worker.log.read_text()[-1500:]}")
        assert counted(settings) == rows
        assert worker.stop() == 0
    finally:
        stop_all([worker])
