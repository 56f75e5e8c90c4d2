"""The worker, on real Kafka with the shipped model, gives the lists that the replay gives."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.simulator.playback import SAMPLE_EVENTS, SAMPLE_ITEMS
from tests.engine.support import Worker, stop_all, until

EVENTS = 300


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    found = Settings(broker=broker, prefix="same.", app_id="same", data_dir=tmp_path / "data")
    topics.create(found)
    return found


@pytest.fixture
def producer(settings: Settings) -> Iterator[KafkaProducer]:
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as made:
        yield made


class Tail:
    """Reads topics from now on, and waits for what is wanted."""

    def __init__(self, settings: Settings, *names: str) -> None:
        self.consumer = KafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False, fetch_max_wait_ms=20)
        found = [
            TopicPartition(settings.topic(name), number)
            for name in names
            for number in range(topics.partitions_of(topics.TOPICS[name], settings))
        ]
        self.consumer.assign(found)
        self.consumer.seek_to_end(*found)
        for partition in found:
            self.consumer.position(partition)

    def until_all(self, wanted: set[tuple[str, str]]) -> list[Any]:
        """Records until each (topic suffix, key) has been seen."""
        found: list[Any] = []

        def seen() -> bool:
            for records in self.consumer.poll(timeout_ms=50).values():
                found.extend(records)
            return wanted <= {(record.topic.rpartition(".")[2], record.key.decode()) for record in found}

        until(seen, f"{wanted}")
        return found


def sample(path: Path, count: int | None = None) -> list[dict[str, Any]]:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in itertools.islice(file, count)]


@pytest.mark.kafka
def test_purchases_sent_one_after_the_other_give_the_lists_of_the_replay(
    settings: Settings, producer: KafkaProducer, tmp_path: Path
) -> None:
    events = sample(SAMPLE_EVENTS, EVENTS)
    for item in sample(SAMPLE_ITEMS):
        producer.send(settings.topic("items"), json.dumps(item).encode(), key=item["item_id"].encode())
    producer.flush()
    options = {"CROSS_PAIRS": "20", "CROSS_PAIRS_FIXED": "true", "CANDIDATES": "all", "DEVICE": "cpu", "COALESCE": "false"}
    options["CHECKPOINT_INTERVAL_S"] = "0.02"  # item statistics come with it
    worker = Worker(settings, module="streamrec.cli.main worker", **{f"STREAMREC_{name}": value for name, value in options.items()})
    online: dict[str, dict[str, Any]] = {}
    tail = Tail(settings, "recommendations", "item-stats")
    try:
        worker.start().ready()
        for event in events:
            fields = {name: value for name, value in event.items() if name != "topic"}
            producer.send(settings.topic("purchases"), json.dumps(fields).encode(), key=fields["user_id"].encode())
            producer.flush()
            refund = fields.get("action") == "refund"
            answers = {("item-stats", fields["item_id"])} | (set() if refund else {("recommendations", fields["user_id"])})
            for record in tail.until_all(answers):
                if record.topic.endswith("recommendations"):
                    made = json.loads(record.value)
                    assert made["trigger"]["event_id"] not in online
                    online[made["trigger"]["event_id"]] = made
        assert worker.stop() == 0
    finally:
        stop_all([worker])
        tail.consumer.close()

    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    arguments = ["replay", "--items", str(SAMPLE_ITEMS), "--events", str(file), "--out", str(tmp_path / "lists.jsonl"), "--rank", "after"]
    arguments += ["--cross-pairs", "20", "--candidates", "all", "--device", "cpu"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    offline = {made["trigger"]["event_id"]: made for made in map(json.loads, (tmp_path / "lists.jsonl").read_text().splitlines())}

    assert online.keys() == offline.keys()
    assert len(online) == sum(event["action"] == "purchase" for event in events)
    for event_id, made in online.items():
        assert [place["item_id"] for place in made["items"]] == [place["item_id"] for place in offline[event_id]["items"]], event_id
        for place, other in zip(made["items"], offline[event_id]["items"], strict=True):
            assert place["score"] == pytest.approx(other["score"], abs=1e-4)
