"""A broker that comes late, and one that breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.settings import Settings
from tests.stream.support import Shop, Worker, exact, lists, stop_all, until

pytestmark = pytest.mark.kafka


def test_a_worker_waits_for_its_broker_and_outlives_its_end(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = Settings(broker=f"127.0.0.1:{port}", prefix="late.", app_id="late", partitions=2, data_dir=tmp_path)
    broker, worker = EmbeddedBroker(tmp_path / "kafka", port), Worker(settings).start()
    try:
        until(lambda: "waiting for Kafka" in worker.log.read_text(), "a patient worker")
        broker.start()
        worker.ready()
        shop = Shop(settings)
        shop.send(500)
        until(lambda: len(lists(settings)) == 500, "the answers")
        shop.close()  # kafka-python leaves sockets behind when its broker breaks
        broker._end_child()  # kill -9
        broker.start()
        shop.open()
        shop.send(500)
        exact(settings, shop)
        shop.close()
        assert worker.stop() == 0
    finally:
        stop_all([worker])
        broker.stop()


def test_a_worker_gives_up_a_broker_that_does_not_come(tmp_path: Path) -> None:
    settings = Settings(broker="127.0.0.1:1", data_dir=tmp_path)
    worker = Worker(settings, STREAMREC_BROKER_PATIENCE_S="0.5").start()
    assert worker.exit_code() == 1
    assert "BrokerUnavailable: no Kafka broker answers at 127.0.0.1:1 within 0.5 s" in worker.log.read_text()
