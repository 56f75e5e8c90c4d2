"""No record stops the worker: whatever lies on any topic that it reads, it serves on, also after a restart with an empty disk."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamrec.events.dead_letters import PREFIX
from streamrec.events.topics import DEAD_LETTER_BYTES, ITEM_SOURCES, TOPICS, USER_SOURCES
from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Worker, records, stop_all, until
from tests.kafka.raw import Raw, send

pytestmark = pytest.mark.kafka

REFUSED = ("models", "blend-weights")
"""What is wrong with these is logged and counted, but makes no dead letter."""
READ = (*USER_SOURCES, *ITEM_SOURCES, "items", "rooms", "rules", "item-stats", *REFUSED)

NASTY = [
    Raw(b"", None),
    Raw(b"\xff\xfe\x00*", None),
    Raw(b"k\x00k", None),
    Raw(b"\xff\xfe", b"\xff\xfe"),
    Raw(b"", b""),
    Raw(b"k", b"{"),
    Raw(b"k", b"null"),
    Raw(b"k", b"{}"),
    Raw(b"k", b"[" * 100_000),
    Raw(b"k", b'{"x":' * 100_000),
    Raw(b"k", b'{"user_id": "k", "item_id": "i", "ts": 1e999}'),
    Raw(b"k", b"\0"),
    Raw(b"k", b"\0\0\0\0\x07\x02k"),
    Raw(b"k" * 300_000, b"{}"),
    Raw(b"k", b"{}", [(b"traceparent", None)]),
    Raw(b"k", b"{", [(b"trac\xe9", b"x"), (b"", None), (b"streamrec.errors.reason", None), (b"streamrec.errors.attempts", b"\xff")]),
    Raw(b"k", b"{", [(b"streamrec.redriven", b"0-0")]),
    Raw(b"k", b"{", [(b"ce_source", b"\xff"), (b"ce_id", None), (b"ce_specversion", b"1.0"), (b"content-type", None)]),
]
LARGE = [
    ("gzip", [Raw(b"k", b"{" + b" " * 5_000_000 + b"}")]),
    ("zstd", [Raw(b"k", b"{}", [(b"traceparent", b"0" * 5_000_000)])]),
    ("lz4", [Raw(b"k" * 5_000_000, b"{}")]),
    ("snappy", [Raw(b"k", b" " * 3_900_000)]),
    ("zstd", [Raw(b"k", b" " * (1 << 20))] * 40),
]


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    found = Settings(broker=broker, prefix="hostile.", app_id="hostile", partitions=2, data_dir=tmp_path)
    topics.create(found)
    return found


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    made = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off")
    yield made
    stop_all([made])


def listed(settings: Settings, worker: Worker, user: str, *headers: tuple[bytes, bytes | None]) -> None:
    """A good view is answered by a list."""
    event = {"user_id": user, "item_id": "mug", "ts": int(time.time() * 1000)}
    send(settings, "views", [Raw(user.encode(), json.dumps(event).encode(), headers)])
    until(
        lambda: any(json.loads(record.value)["user_id"] == user for record in records(settings, "recommendations")),
        f"a list for {user}; the log: {worker.log.read_text()[-2000:]}",
    )


def spoil(settings: Settings, topic: str) -> int:
    """Send everything nasty; how many records it is, where a batch that cannot be read counts as one."""
    takes_none = TOPICS[topic].cleanup == "delete"
    small = [*NASTY, *([Raw(None, None), Raw(None, b"{}")] if takes_none else [])]
    send(settings, topic, small, partition=0)
    for codec, batch in LARGE:
        send(settings, topic, batch, codec, partition=0)
    return len(small) + len(LARGE)


def test_no_record_of_any_topic_stops_the_worker(settings: Settings, worker: Worker) -> None:
    mug = {"item_id": "mug", "title": "Mug", "price": 1.0, "currency": "GBP"}
    send(settings, "items", [Raw(b"mug", json.dumps(mug).encode())])
    worker.start().ready()
    sent = {settings.topic(topic).encode(): spoil(settings, topic) for topic in READ}
    expected = {topic: count for topic, count in sent.items() if topic not in [settings.topic(name).encode() for name in REFUSED]}
    # A tombstone of an item, a room, a rule or statistics that nobody knows is no fault where its key could be one.
    listed(settings, worker, "anna")
    listed(settings, worker, "ben", (b"trac\xe9", b"x"), (b"empty", None), (b"traceparent", b"0" * 5_000))

    def letters() -> Counter[bytes]:
        return Counter(dict(record.headers)[PREFIX + "topic"] for record in records(settings, "dead-letters"))

    until(lambda: letters().total() >= sum(expected.values()), f"{expected} letters; the log: {worker.log.read_text()[-1000:]}")
    assert letters() == expected
    found = records(settings, "dead-letters")
    assert all(len(record.value or b"") + len(record.key or b"") < DEAD_LETTER_BYTES for record in found)
    reasons = Counter(dict(record.headers)[PREFIX + "reason"] for record in found)
    assert b"failed" not in reasons, [record.headers for record in found if (PREFIX + "reason", b"failed") in record.headers]
    assert worker.stop() == 0
    shutil.rmtree(worker.folder)
    worker.start().ready()
    listed(settings, worker, "carl")
    assert worker.stop() == 0
    assert letters() == expected, "a letter was sent again"
