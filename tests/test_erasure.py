"""Erasure that erases: after the stated times no byte of a person is left on any disk of workers and Kafka."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from streamrec.broker import embedded
from streamrec.broker.embedded import EmbeddedBroker
from streamrec.events.partitioner import partition_of
from streamrec.events.topics import TOPICS
from streamrec.kafka import topics
from streamrec.operations.forget import remains
from streamrec.settings import Settings
from tests.engine.support import ROOT, Worker, records, stop_all, until

pytestmark = pytest.mark.kafka

VICTIM, WORDS, ORDER = "victim-5d0f7c", "xylophone-91b2", "order-a7c3e1"
SOON = {"segment.ms": "500", "file.delete.delay.ms": "0"}
DELETED = {**SOON, "retention.ms": "1000"}
COMPACTED = {**SOON, "min.cleanable.dirty.ratio": "0", "max.compaction.lag.ms": "1000", "delete.retention.ms": "500"}


@pytest.fixture
def broker_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A broker that looks every second what it may delete or compact, and its folder."""
    written = embedded.properties

    def hasty(*args: Any, **options: Any) -> str:
        hurry = {"log.retention.check.interval.ms": 500, "log.initial.task.delay.ms": 500, "log.cleaner.backoff.ms": 200}
        return written(*args, **options) + "".join(f"{name}={value}\n" for name, value in hurry.items())

    monkeypatch.setattr(embedded, "properties", hasty)
    with EmbeddedBroker(tmp_path / "kafka") as bootstrap:
        yield bootstrap, tmp_path / "kafka"


@pytest.fixture
def settings(broker_folder: tuple[str, Path], tmp_path: Path) -> Settings:
    """Topics that keep everything for a second."""
    found = Settings(broker=broker_folder[0], prefix="erase.", app_id="erase", partitions=2, data_dir=tmp_path / "workers")
    topics.create(found)
    client = KafkaAdminClient(bootstrap_servers=found.broker)
    for name, topic in TOPICS.items():
        configs = COMPACTED if topic.cleanup == "compact" else DELETED
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, found.topic(name), configs)])
    client.close()
    return found


def worker(settings: Settings, name: str) -> Worker:
    return Worker(settings, name, "streamrec.cli.main worker", STREAMREC_SCORING="off", STREAMREC_LOST_DISK_S="2")


class Shop:
    """Sends events of many people, and of one who will ask to be forgotten."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.producer = KafkaProducer(bootstrap_servers=settings.broker, acks="all")

    def send(self, topic: str, user: str, partition: int | None = None, **fields: Any) -> None:
        value = json.dumps({"user_id": user, "ts": int(time.time() * 1000), **fields}).encode()
        self.producer.send(self.settings.topic(topic), value, key=user.encode(), partition=partition)

    def live(self, user: str, words: str, order: str) -> None:
        """Everything that a viewer can do, twice, and something that becomes a dead letter."""
        for _ in range(2):
            self.send("views", user, item_id="mug")
            self.send("purchases", user, item_id="mug", price=3.0, currency="GBP", order_id=order)
            self.send("danmaku", user, room_id="room", text=words)
            self.send("feedback", user, list_id="l", item_id="mug", action="click")
        self.send("views", user, item_id="mug", partition=1 - partition_of(user.encode(), 2))
        self.producer.flush()

    def others(self) -> None:
        """Life goes on in all partitions: Kafka closes the files of a topic only when something comes."""
        for number in range(12):
            self.live(f"other-{number}", "hello", "order")


def traces(*folders: Path) -> list[str]:
    """The files in which something of the person stands."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                content = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:
                continue
            if any(word.encode() in content for word in (VICTIM, WORDS, ORDER)):
                found.append(str(path.relative_to(folder.parent)))
    return found


def test_of_a_person_who_was_erased_no_byte_is_left_on_any_disk(settings: Settings, broker_folder: tuple[str, Path]) -> None:
    shop, first, second = Shop(settings), worker(settings, "a"), worker(settings, "b")
    disks = (broker_folder[1], first.folder, second.folder)
    try:
        first.start().ready()
        shop.others()
        shop.live(VICTIM, WORDS, ORDER)
        until(lambda: VICTIM.encode() in {record.key for record in records(settings, "user-changelog")}, "the person's row")
        # The partition of the person goes to the second worker, or stays: in both cases the first has had it all.
        second.start().ready()
        until(lambda: second.partitions() == 1.0, "a partition of the second worker")
        assert traces(*disks)
        environment = {**first.environment, "STREAMREC_DATA_DIR": str(settings.data_dir / "none")}
        command = [sys.executable, "-m", "streamrec.cli.main", "state", "forget", VICTIM, "--yes", "--json"]
        done = subprocess.run(command, env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        assert told["forgotten"] is True

        def gone() -> bool:
            shop.others()
            time.sleep(0.5)
            return not traces(*disks)

        until(gone, f"no trace; there is one in {traces(*disks)}")
        assert [first.stop(), second.stop()] == [0, 0]
    finally:
        stop_all([first, second])
        shop.producer.close()


def test_every_topic_that_may_name_a_person_is_told(settings: Settings) -> None:
    """By content: what the topics of people hold is listed, and nothing else is left out."""
    of_the_shop = {"items", "rooms", "transcripts", "rules", "models", "blend-weights", "room-orders"}
    of_items = {"item-signals", "item-stats", "item-changelog"}
    assert set(remains(settings)) == TOPICS.keys() - of_the_shop - of_items
