"""A broker that comes late, and one that breaks."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.engine.broadcast import Broadcast
from streamrec.settings import Settings
from tests.engine.support import Shop, Worker, applied, exact, lists, stop_all, until
from tests.engine.test_broadcast import Catalogue, eventually, follow
from tests.operations.test_repair import Doctor

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
        _silence_shows_in_the_catalogue(settings, broker)
        broker._end_child()
        assert worker.stop() == 0, "all was saved, so that it may leave without its broker"
    finally:
        stop_all([worker])
        broker.stop()


def _silence_shows_in_the_catalogue(settings: Settings, broker: EmbeddedBroker) -> None:
    running = broker.running()
    assert running is not None

    async def test(catalogue: Catalogue, follower: Broadcast, producer: AIOKafkaProducer) -> None:
        await eventually(lambda: bool(catalogue.polls) and time.monotonic() - catalogue.polls[-1] < 1)
        os.kill(running.pid, signal.SIGSTOP)
        try:
            await eventually(lambda: time.monotonic() - catalogue.polls[-1] > 1)
        finally:
            os.kill(running.pid, signal.SIGCONT)
        await eventually(lambda: time.monotonic() - catalogue.polls[-1] < 1)

    follow(settings, test)


def test_a_worker_gives_up_a_broker_that_does_not_come(tmp_path: Path) -> None:
    settings = Settings(broker="127.0.0.1:1", data_dir=tmp_path)
    worker = Worker(settings, STREAMREC_BROKER_PATIENCE_S="0.5").start()
    assert worker.exit_code() == 1
    assert "BrokerUnavailable: no Kafka broker answers at 127.0.0.1:1 within 0.5 s" in worker.log.read_text()


def test_a_changelog_that_the_brokers_disk_has_damaged_is_no_fault_that_passes_and_is_stepped_over(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = Settings(broker=f"127.0.0.1:{port}", prefix="torn.", app_id="torn", partitions=1, data_dir=tmp_path)
    broker, worker = EmbeddedBroker(tmp_path / "kafka", port), Worker(settings)
    try:
        broker.start()
        worker.start().ready()
        shop = Shop(settings)
        shop.send(300)
        until(lambda: applied(settings, shop), "all events")
        assert worker.stop() == 0
        shop.close()
        broker.stop()
        segment = tmp_path / "kafka" / "data" / "torn.user-changelog-0" / f"{0:020}.log"
        raw = bytearray(segment.read_bytes())
        raw[raw.index(b"user-")] ^= 1
        segment.write_bytes(raw)
        broker.start()
        shutil.rmtree(worker.folder / "user")
        doctor = Doctor(settings, worker)
        doctor.refused()
        assert {problem.kind for problem in doctor.repair()} == {"unreadable"}
        shop.open()
        shop.send(100)
        until(lambda: len(lists(settings)) >= shop.sent, "answers after the repair")
        shop.close()
    finally:
        stop_all([worker])
        broker.stop()
