"""What the engine's tests share: topics of their own, worker processes, and readers of what came out."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.engine.store.mark import MARK, Mark, decode_mark
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.system.addresses import http_url
from streamrec.web.client import get
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
Found = TypeVar("Found")


def until(condition: Callable[[], Found], what: str, patience_s: float = PATIENCE_S) -> Found:
    """Wait for a condition."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {patience_s} s for {what}"
        time.sleep(0.05)
    return found


class Worker:
    """A real worker process with counting processors."""

    def __init__(self, settings: Settings, name: str = "a", module: str = "tests.engine.counting", **environment: str) -> None:
        self.folder = settings.data_dir / name
        self.log = settings.data_dir / f"{name}.log"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("STREAMREC_")},
            "STREAMREC_BROKER": settings.broker,
            "STREAMREC_PREFIX": settings.prefix,
            "STREAMREC_APP_ID": settings.app_id,
            "STREAMREC_PARTITIONS": str(settings.partitions),
            "STREAMREC_DATA_DIR": str(self.folder),
            "STREAMREC_INSTANCE_ID": f"{settings.app_id}-{name}",
            "STREAMREC_WEB_PORT": "0",
            **environment,
        }
        self.module = module
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Worker:
        settings_dir = self.log.parent
        settings_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", *self.module.split()]
            self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stderr=log, stdout=log)
        return self

    def ready(self) -> Worker:
        until(lambda: self.health()[0] == 200, f"a ready worker; its log: {self.log.read_text()[-2000:]}")
        return self

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /ready; status 0 when nothing answers yet, or the process of an earlier start does."""
        try:
            status, body = self.get("/ready")
        except (OSError, ValueError):
            return 0, {}
        return status, json.loads(body)

    def get(self, path: str) -> tuple[int, str]:
        web = json.loads((self.folder / "web.json").read_bytes())
        assert self.process is not None
        if web["pid"] != self.process.pid:
            return 0, "{}"
        answer = get(f"{http_url(web['host'], web['port'])}{path}", timeout_s=PATIENCE_S)
        return answer.status, answer.body.decode()

    def partitions(self) -> float:
        """How many partitions of users it has open."""
        lines = self.get("/metrics")[1].splitlines() if self.health()[0] else []
        return next((float(line.split()[1]) for line in lines if line.startswith('streamrec_partitions{family="user"}')), 0.0)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def exit_code(self, patience_s: float = PATIENCE_S) -> int:
        assert self.process is not None
        return self.process.wait(patience_s)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.exit_code()

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.exit_code()

    def errors(self) -> list[dict[str, Any]]:
        """What it logged at warning or above, or outside its own format."""
        text = self.log.read_text().splitlines()
        lines = [json.loads(line) if line.startswith("{") else {"level": "error", "event": line} for line in text]
        return [line for line in lines if line["level"] not in ("info", "debug")]


class Shop:
    """Produces to the topics of a test, and knows what must come out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.open()
        self.events: dict[bytes, int] = {}
        self.totals: dict[bytes, int] = {}
        self.sent = 0

    def open(self) -> None:
        self.producer = KafkaProducer(bootstrap_servers=self.settings.broker, acks="all", linger_ms=5)

    def send(self, count: int, users: int = 50, topic: str = "views", **more: Any) -> None:
        """Send `count` events, each with another amount."""
        for _ in range(count):
            user = f"user-{self.sent % users}".encode()
            self.sent += 1
            self.events[user] = self.events.get(user, 0) + 1
            self.totals[user] = self.totals.get(user, 0) + self.sent
            self.raw(topic, user, json.dumps({"amount": self.sent, **more}).encode())
        self.producer.flush()

    def raw(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        self.producer.send(self.settings.topic(topic), key=key, value=value)

    def close(self) -> None:
        self.producer.flush()
        self.producer.close()


def records(settings: Settings, topic: str) -> list[ConsumerRecord]:
    """Everything committed in a topic, by partition in order."""
    consumer = KafkaConsumer(bootstrap_servers=settings.broker, isolation_level="read_committed", enable_auto_commit=False)
    try:
        full = settings.topic(topic)
        partitions = [TopicPartition(full, number) for number in range(topics.partitions_of(topics.TOPICS[topic], settings))]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        end = consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        deadline = time.monotonic() + PATIENCE_S
        while any(consumer.position(partition) < end[partition] for partition in partitions):
            assert time.monotonic() < deadline
            for got in consumer.poll(timeout_ms=200).values():
                found += got
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close()


def rows(settings: Settings, family: str = "user") -> dict[bytes, tuple[int, int]]:
    """The rows that the changelog holds: events and totals by key."""
    found: dict[bytes, bytes] = {}
    for record in records(settings, f"{family}-changelog"):
        if record.key in (MARK, None):  # None where a batch cannot be read
            continue
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = record.value
    return {key: struct.unpack("<Bqq", raw)[1:] for key, raw in found.items()}


def marks(settings: Settings, family: str = "user") -> dict[int, Mark]:
    """The last mark of every partition."""
    return {record.partition: decode_mark(record.value) for record in records(settings, f"{family}-changelog") if record.key == MARK}


def lists(settings: Settings) -> list[dict[str, Any]]:
    """What came out for triggers."""
    return [json.loads(record.value) for record in records(settings, "recommendations")]


def applied(settings: Settings, shop: Shop) -> bool:
    """Whether the changelog holds as many events as were sent."""
    return sum(events for events, _ in rows(settings).values()) >= shop.sent


def exact(settings: Settings, shop: Shop) -> None:
    """Wait until all is applied, and require that nothing was lost or applied twice, and that every trigger has its answer."""
    until(lambda: applied(settings, shop), "all events in the changelog")
    found = rows(settings)
    assert {user: events for user, (events, _) in found.items()} == shop.events
    assert {user: total for user, (_, total) in found.items()} == shop.totals
    assert len({answer["id"] for answer in lists(settings)}) == shop.sent


def stop_all(workers: Iterable[Worker]) -> None:
    for worker in workers:
        if worker.process is not None and worker.process.poll() is None:
            worker.kill()
