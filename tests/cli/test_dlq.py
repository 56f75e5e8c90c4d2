"""`streamrec dlq`, with the real worker: bad events are found, looked at, sent back, and applied once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from streamrec.engine.store.mark import MARK
from streamrec.events.avro import avro_schema
from streamrec.events.partitioner import partition_of
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.state.packing import unpack_user
from streamrec.state.user import UserRow
from tests.cli.conftest import Cli
from tests.engine.support import Worker, records, stop_all, until
from tests.events.registries import framed

pytestmark = pytest.mark.kafka
NOW = int(time.time() * 1000)
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    found = Settings(broker=broker, prefix="dlq.", app_id="dlq", partitions=2, data_dir=tmp_path)
    topics.create(found)
    return found


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    made = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off")
    yield made
    stop_all([made])


def view(user: str, **more: Any) -> dict[str, Any]:
    return {"user_id": user, "item_id": "lamp", "room_id": "room", "ts": NOW, **more}


def seen(settings: Settings) -> dict[str, int]:
    """How many views of the lamp each user's row counts."""
    latest = {record.key: record.value for record in records(settings, "user-changelog") if record.key != MARK and record.value}
    rows = {key.decode(): unpack_user(value) for key, value in latest.items()}
    return {user: round(row.seen["lamp"].count) for user, row in rows.items() if isinstance(row, UserRow)}


def test_dead_letters_are_listed_shown_and_sent_back_once(cli: Cli, settings: Settings, worker: Worker, tmp_path: Path) -> None:
    flags = ["--broker", settings.broker, "--prefix", "dlq.", "--app-id", "dlq", "--partitions", "2"]
    mug = {"item_id": "mug", "title": "Mug", "price": 1.0, "currency": "GBP"}

    def dlq(*arguments: object) -> Any:
        done = cli("dlq", *arguments, *flags, "--json")
        assert done.code == 0, done.err
        return done.last

    def total() -> int:
        found: int = dlq("ls")["total"]
        return found

    worker.start().ready()
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:

        def send(topic: str, key: bytes | None, value: bytes, partition: int | None = None, *headers: tuple[str, bytes]) -> None:
            producer.send(settings.topic(topic), value, key=key, partition=partition, headers=list(headers)).get(10)

        avro = framed(7, avro_schema("views"), view("anna"))
        send("views", b"anna", avro, None, ("traceparent", TRACE))
        send("views", b"ben", json.dumps(view("ben")).encode(), 1 - partition_of(b"ben", 2))
        send("views", b"carl", b'{"user_id": "carl\x1b[2J", "ts"')
        send("views", None, json.dumps(view("dora")).encode())
        send("items", b"mug", json.dumps(mug | {"title": ""}).encode())
        send("items", b"cup", json.dumps(mug | {"item_id": "cup", "currency": "gbp"}).encode())
        send("items", b"mug", json.dumps(mug).encode())
        send("views", b"anna", json.dumps(view("anna")).encode())
    until(lambda: total() == 6, "six dead letters")
    until(lambda: seen(settings) == {"anna": 1}, "the good view")

    every = dlq("ls")
    assert every["by_reason"] == {"avro": 1, "misrouted": 1, "malformed": 1, "missing_key": 1, "invalid": 2}
    assert [letter["message"] for letter in dlq("ls", "--stage", "catalogue", "--topic", "items")["letters"]]
    assert dlq("ls", "--until", "1h")["total"] == 0
    assert len(dlq("ls", "--since", "1h", "--limit", 2)["letters"]) == 2
    (letter,) = dlq("ls", "--reason", "avro")["letters"]
    assert (letter["topic"], letter["stage"], letter["attempts"], letter["redriven"]) == ("views", "decode", 1, False)
    listed = cli("dlq", "ls", *flags)
    assert "6 dead letters: 2 invalid" in listed.err
    assert letter["letter"] in listed.out
    assert "anna" not in listed.out + listed.err

    shown = dlq("show", letter["letter"])
    assert bytes.fromhex(shown["value"]["hex"]) == avro
    assert (shown["key"]["text"], shown["value"]["text"]) == ("anna", None)
    assert {"name": "traceparent", "text": TRACE.decode(), "hex": TRACE.hex()} in shown["headers"]
    (broken,) = dlq("ls", "--reason", "malformed")["letters"]
    page = cli("dlq", "show", broken["letter"], *flags).out
    assert "next step  Mend the producer" in page
    assert "\x1b" not in page
    assert "1b 5b 32 4a" in page

    planned = dlq("redrive", "--dry-run")
    assert planned == {"selected": 5, "redriven": 0, "left": {"replaced by a newer state": 1}}
    refused = cli("dlq", "redrive", *flags)
    assert (refused.code, refused.out) == (1, "")
    assert "agree with --yes" in refused.err
    assert "invalid, malformed, missing_key: the bytes are at fault" in refused.err
    assert total() == 6

    # Redriven too early, the event fails again; its copy has failed twice, and is the one that still may go back.
    assert dlq("redrive", letter["letter"], "--yes")["redriven"] == 1
    until(lambda: total() == 7, "the dead letter of the second attempt")
    first, second = dlq("ls", "--reason", "avro")["letters"]
    assert (first["redriven"], first["attempts"]) == (True, 1)
    assert (second["redriven"], second["attempts"]) == (False, 2)

    assert worker.stop() == 0
    (tmp_path / "7.avsc").write_text(json.dumps(avro_schema("views")))
    worker.environment["STREAMREC_SCHEMA_REGISTRY"] = str(tmp_path)
    worker.start().ready()
    chosen = ["--reason", "avro", "--reason", "misrouted"]
    assert dlq("redrive", *chosen, "--yes") == {"selected": 2, "redriven": 2, "left": {"redriven before": 1}}
    assert dlq("redrive", *chosen, "--yes") == {"selected": 0, "redriven": 0, "left": {"redriven before": 3}}
    until(lambda: seen(settings) == {"anna": 2, "ben": 1}, "what was right by now")
    back = [record for record in records(settings, "views") if record.value == avro]
    assert len(back) == 3
    assert {record.partition for record in back} == {partition_of(b"anna", 2)}
    assert all(("traceparent", TRACE) in record.headers for record in back)
    traced = [record for record in records(settings, "recommendations") if ("traceparent", TRACE) in record.headers]
    assert len(traced) == 1

    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:
        producer.send(settings.topic("views"), json.dumps(view("emil")).encode(), key=b"emil").get(10)
    until(lambda: "emil" in seen(settings), "what was sent after all that")
    assert seen(settings) == {"anna": 2, "ben": 1, "emil": 1}
    assert worker.errors() == [] or all("catalogue" in str(line) or "cannot be used" in line["event"] for line in worker.errors())


def test_a_registry_that_is_away_holds_up_only_its_own_events(settings: Settings, worker: Worker, tmp_path: Path) -> None:
    worker.environment |= {"STREAMREC_SCHEMA_REGISTRY": str(tmp_path / "schemas"), "STREAMREC_PREFIX": "away.", "STREAMREC_APP_ID": "away"}
    away = settings.model_copy(update={"prefix": "away.", "app_id": "away"})
    topics.create(away)
    worker.start().ready()
    avro = framed(7, avro_schema("views"), view("anna"))
    mug = {"item_id": "mug", "title": "Mug", "price": 1.0, "currency": "GBP", "created_ts": NOW - 1000}
    with KafkaProducer(bootstrap_servers=settings.broker, acks="all") as producer:

        def send(topic: str, key: bytes, value: bytes) -> None:
            producer.send(away.topic(topic), value, key=key).get(10)

        send("items", b"mug", framed(8, avro_schema("items"), mug))
        send("views", b"anna", avro)
        send("views", b"ben", json.dumps(view("ben")).encode())
        until(lambda: seen(away) == {"ben": 1}, "the event in JSON")
        worker.kill()
        worker.start().ready()
        send("views", b"ben", json.dumps(view("ben")).encode())
        until(lambda: seen(away) == {"ben": 2}, "the event in JSON after the kill")
        assert 'streamrec_parked_records{of="events"} 1.0' in worker.get("/metrics")[1]
        (tmp_path / "new").mkdir()
        for number, name in ((7, "views"), (8, "items")):
            (tmp_path / "new" / f"{number}.avsc").write_text(json.dumps(avro_schema(name)))
        (tmp_path / "new").rename(tmp_path / "schemas")
        until(lambda: seen(away) == {"anna": 1, "ben": 2}, "the event in Avro")
        until(lambda: 'streamrec_parked_records{of="catalogue"} 0.0' in worker.get("/metrics")[1], "the item in Avro")
        send("views", b"carl", json.dumps(view("carl")).encode())
        until(lambda: _listed(away, "mug"), "a list with the item")
    assert records(away, "dead-letters") == []
    assert worker.stop() == 0


def _listed(settings: Settings, item_id: str) -> bool:
    return any(item["item_id"] == item_id for record in records(settings, "recommendations") for item in json.loads(record.value)["items"])


def test_what_is_not_there_is_said(cli: Cli, settings: Settings) -> None:
    flags = ["--broker", settings.broker, "--prefix", "dlq.", "--partitions", "2"]
    missing = cli("dlq", "show", "0-999999", *flags)
    assert (missing.code, missing.out) == (1, "")
    assert "`streamrec dlq ls` lists them" in missing.err
    elsewhere = cli("dlq", "ls", "--broker", settings.broker, "--prefix", "nowhere.")
    assert elsewhere.code == 1
    assert "has no topic nowhere.dead-letters" in elsewhere.err
    for wrong in (["--reason", "bad"], ["--topic", "slides"], ["--stage", "9"], ["--since", "then"]):
        assert cli("dlq", "ls", *wrong, *flags).code == 2
    assert cli("dlq", "show", "x", *flags).code == 1
