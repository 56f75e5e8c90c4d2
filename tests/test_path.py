"""The whole path on real Kafka, with the real worker and the shipped model: events in, lists, statistics and dead letters out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.errors import InputError, ListNotFound
from streamrec.events.partitioner import partition_of
from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.state.packing import unpack_user
from streamrec.state.user import SECRET_KEY, erased_key
from tests.engine.support import Worker, records, stop_all, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka
TITLES = ["RED RETROSPOT MUG", "BLUE POLKADOT BOWL", "HEART T-LIGHT HOLDER", "红色套装卫衣", "真皮女士手提包包", "WOODEN BIRD HOUSE"]


class Shop:
    """A running worker, and short ways to talk to it."""

    def __init__(self, settings: Settings, worker: Worker, producer: KafkaProducer) -> None:
        self.settings, self.worker, self.producer = settings, worker, producer

    def send(self, topic: str, key: str | None, value: Any, **options: Any) -> ConsumerRecord:
        raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
        sent = self.producer.send(self.settings.topic(topic), raw, key=key.encode() if key else None, **options)
        return sent.get(timeout=PATIENCE_S)

    def item(self, number: int, **changes: Any) -> ConsumerRecord:
        fields = {"item_id": f"i{number}", "title": TITLES[number], "price": 5, "currency": "GBP", "stock": 9}
        return self.send("items", f"i{number}", fields | changes)

    def view(self, user: str, item_id: str = "i0", **fields: Any) -> ConsumerRecord:
        event = {"user_id": user, "item_id": item_id, "room_id": "r", "ts": int(time.time() * 1000)}
        return self.send("views", user, event | fields)

    def list_for(self, sent: ConsumerRecord) -> dict[str, Any]:
        """The list that covers a trigger."""
        place = [sent.topic, sent.partition, sent.offset]
        return until(
            lambda: next((made for made in self.lists() if place in made["covers"]), None),
            f"a list for {place}; the log: {self.worker.log.read_text()[-1000:]}",
        )

    def lists(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in records(self.settings, "recommendations")]

    def dead_letters(self) -> dict[bytes | None, ConsumerRecord]:
        return {record.value: record for record in records(self.settings, "dead-letters")}


@contextmanager
def opened(broker: str, folder: Path, name: str) -> Iterator[Shop]:
    """A shop of its own, whose six items are on the shelf of the live room r."""
    settings = Settings(broker=broker, prefix=f"{name}.", app_id=name, partitions=2, data_dir=folder)
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker")
    with KafkaProducer(bootstrap_servers=broker, acks="all", max_request_size=4 << 20) as producer:
        made = Shop(settings, worker, producer)
        for number in range(len(TITLES)):
            made.item(number)
        shelf = [f"i{number}" for number in range(len(TITLES))]
        made.send("rooms", "r", {"room_id": "r", "host_id": "h", "status": "live", "shelf": shelf, "ts": int(time.time() * 1000)})
        try:
            worker.start().ready()
            yield made
            assert worker.stop() == 0
            assert [line["event"] for line in worker.errors() if "cannot be used" not in line["event"]] == []
        finally:
            stop_all([worker])


@pytest.fixture(scope="module")
def shop(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(broker, tmp_path_factory.mktemp("path"), "path") as made:
        yield made


@pytest.fixture(scope="module")
def chat(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop where viewers only write, so that no item is more popular for what other tests did before."""
    with opened(broker, tmp_path_factory.mktemp("chat"), "chat") as made:
        yield made


def items_of(made: dict[str, Any]) -> list[str]:
    return [place["item_id"] for place in made["items"]]


def test_a_view_is_answered_by_a_list_with_scores_reasons_and_the_model(shop: Shop) -> None:
    made = shop.list_for(shop.view("ann", event_id="view-1"))
    assert made["user_id"] == "ann"
    assert made["trigger"]["event_id"] == "view-1"
    assert sorted(items_of(made)) == [f"i{number}" for number in range(len(TITLES))]
    assert made["model"]["provider"].endswith("ExecutionProvider")
    for place in made["items"]:
        assert place["room_id"] == "r"
        assert sum(place["scores"].values()) == pytest.approx(place["score"], abs=1e-4)
    assert all(place["reasons"] for place in made["items"][:1])


@pytest.mark.parametrize(("text", "wanted"), [("how big is the bird house?", "i5"), ("3号多少钱", "i2"), ("想看手提包包", "i4")])
def test_what_a_viewer_writes_brings_the_item_to_the_top(chat: Shop, text: str, wanted: str) -> None:
    user = f"writer-{wanted}"
    event = {"user_id": user, "room_id": "r", "ts": int(time.time() * 1000), "text": text}
    made = chat.list_for(chat.send("danmaku", user, event))
    assert items_of(made)[0] == wanted
    # Which of them depends on what the model takes the comment for.
    assert {"you_mentioned", "you_asked", "you_want_it"} & set(made["items"][0]["reasons"])


def test_a_sold_out_item_is_in_no_list_generated_a_second_after_it_could_be_read(shop: Shop) -> None:
    sold_out = shop.item(1, stock=0)
    broker_time = sold_out.timestamp

    def late_list() -> dict[str, Any] | None:
        made = shop.list_for(shop.view("bob"))
        return made if made["generated_ts"] >= broker_time + 1000 else None

    assert "i1" not in items_of(until(late_list, "a list a second later"))
    shop.item(1)
    until(lambda: "i1" in items_of(shop.list_for(shop.view("bob"))), "the item back on sale")


def command(shop: Shop, *words: str) -> Result:
    settings = shop.settings
    flags = ["--broker", settings.broker, "--prefix", settings.prefix, "--partitions", str(settings.partitions)]
    return CliRunner().invoke(app, [*words, *flags])


def test_a_blocked_item_is_in_no_list_generated_a_second_after_the_rule_could_be_read(shop: Shop) -> None:
    put = command(shop, "rules", "put", "no-bowls", "block", "item", "i1", "--for", "1h")
    assert put.exit_code == 0, put.output
    (rule,) = [record for record in records(shop.settings, "rules") if record.key == b"no-bowls"]

    def late_list() -> dict[str, Any] | None:
        made = shop.list_for(shop.view("bella"))
        return made if made["generated_ts"] >= rule.timestamp + 1000 else None

    assert "i1" not in items_of(until(late_list, "a list a second later"))
    assert re.search(r"no-bowls +in force +block +item i1", command(shop, "rules", "ls").stdout)
    assert command(shop, "rules", "rm", "no-bowls").exit_code == 0
    until(lambda: "i1" in items_of(shop.list_for(shop.view("bella"))), "the item back")
    assert command(shop, "rules", "ls").stdout == "no rules\n"


def test_a_list_is_explained_by_its_id_or_by_that_of_a_trigger_which_it_covers(shop: Shop) -> None:
    command(shop, "rules", "put", "bowls-first", "pin", "item", "i1")
    shop.view("ella", "i5", event_id="seen")

    def pinned() -> dict[str, Any] | None:
        ranked = shop.list_for(shop.view("ella"))
        return ranked if items_of(ranked)[0] == "i1" else None

    made = until(pinned, "a list with the pinned item")
    command(shop, "rules", "rm", "bowls-first")
    explained = command(shop, "explain", made["list_id"])
    assert explained.exit_code == 0, explained.output
    assert f"{made['list_id']}, number {made['seq']} for ella" in explained.stdout
    assert "1. BLUE POLKADOT BOWL (i1)" in explained.stdout
    assert "The shop placed it here (rule bowls-first)." in explained.stdout
    assert "proposed by shelf, live" in explained.stdout
    as_json = json.loads(command(shop, "explain", "-".join(map(str, made["covers"][0])), "--lang", "zh", "--json").stdout)
    assert as_json["list_id"] == made["list_id"]
    assert as_json["items"][0]["why"][0] == "商家特意安排的（规则“bowls-first”）。"
    unknown = command(shop, "explain", f"{shop.settings.prefix}views-0-999999")
    assert isinstance(unknown.exception, ListNotFound)
    assert isinstance(command(shop, "explain", "nonsense").exception, InputError)


NOW = 1_700_000_000_000
WRONG: dict[str, tuple[str, bytes, str]] = {
    "no json": ("views", b"nonsense", "malformed"),
    "1970": ("views", b'{"user_id":"eve","item_id":"i0","ts":0}', "time"),
    "2100": ("views", b'{"user_id":"eve","item_id":"i0","ts":4102444800000}', "time"),
    "no item": ("views", b'{"user_id":"eve","ts":1700000000000}', "invalid"),
    "NaN price": ("purchases", b'{"user_id":"eve","item_id":"i0","ts":1700000000000,"currency":"GBP","price":NaN}', "malformed"),
    "endless price": ("purchases", b'{"user_id":"eve","item_id":"i0","ts":1700000000000,"currency":"GBP","price":1e999}', "invalid"),
    "no utf-8": ("danmaku", b'{"user_id":"eve","room_id":"r","ts":1700000000000,"text":"\xff\xfe"}', "malformed"),
    "long danmaku": ("danmaku", b'{"user_id":"eve","room_id":"r","ts":1700000000000,"text":"' + b"x" * 501 + b'"}', "invalid"),
    "1 MB danmaku": ("danmaku", b'{"user_id":"eve","room_id":"r","ts":1700000000000,"text":"' + b"x" * (1 << 20) + b'"}', "too_large"),
    "another key": ("views", b'{"user_id":"not-eve","item_id":"i0","ts":1700000000000}', "misrouted"),
    "no title": ("items", b'{"item_id":"eve","price":1,"currency":"GBP"}', "invalid"),
}


@pytest.mark.parametrize(("topic", "value", "reason"), WRONG.values(), ids=WRONG.keys())
def test_wrong_input_becomes_a_dead_letter_with_its_bytes(shop: Shop, topic: str, value: bytes, reason: str) -> None:
    sent = shop.send(topic, "eve", value)
    letter = until(lambda: shop.dead_letters().get(value), "the dead letter")
    headers = {name.removeprefix("streamrec.errors."): content.decode() for name, content in letter.headers}
    assert letter.key == b"eve"
    assert (headers["topic"], headers["partition"], headers["offset"]) == (sent.topic, str(sent.partition), str(sent.offset))
    assert headers["reason"] == reason


def test_an_event_in_the_wrong_partition_is_a_dead_letter(shop: Shop) -> None:
    value = json.dumps({"user_id": "eve", "item_id": "i0", "ts": NOW, "channel": "wrong"}).encode()
    shop.send("views", "eve", value, partition=1 - partition_of(b"eve", 2))
    letter = until(lambda: shop.dead_letters().get(value), "the dead letter")
    assert dict(letter.headers)["streamrec.errors.reason"] == b"misrouted"


def test_a_repeated_event_is_applied_once_and_counted(shop: Shop) -> None:
    first = shop.list_for(shop.view("rita", event_id="once"))
    shop.view("rita", event_id="once")
    second = shop.list_for(shop.view("rita", event_id="twice"))
    assert second["seq"] == first["seq"] + 1
    assert 'outcome="repeated"' in shop.worker.get("/metrics")[1]


def changelog(shop: Shop, key: bytes) -> Callable[[], list[bytes | None]]:
    return lambda: [record.value for record in records(shop.settings, "user-changelog") if record.key == key]


def test_an_erasure_leaves_a_tombstone_and_a_hash_and_late_events_bring_nobody_back(shop: Shop) -> None:
    now = int(time.time() * 1000)
    shop.list_for(shop.view("carol", ts=now))
    until(changelog(shop, b"carol"), "carol's row in the changelog")
    shop.send("erasures", "carol", {"user_id": "carol", "ts": now + 60_000})
    until(lambda: changelog(shop, b"carol")()[-1] is None, "a tombstone")
    (secret,) = {unpack_user(raw).secret for raw in changelog(shop, SECRET_KEY)() if raw}
    assert changelog(shop, erased_key("carol", secret))()[-1] is not None
    late = shop.view("carol", ts=now + 1)
    after = shop.list_for(shop.view("dave" if partition_of(b"dave", 2) == late.partition else "erin", ts=now))
    assert after
    assert changelog(shop, b"carol")()[-1] is None
    assert [late.topic, late.partition, late.offset] not in [place for made in shop.lists() for place in made["covers"]]


def test_the_log_names_where_a_record_was_read_and_nobody(shop: Shop) -> None:
    user, text = "private-person", "private words"
    trace = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    event = {"user_id": user, "room_id": "r", "ts": int(time.time() * 1000), "text": text}
    shop.list_for(shop.send("danmaku", user, event))
    bad = json.dumps(event | {"ts": "never"}).encode()
    shop.send("danmaku", user, bad)
    shop.send("erasures", user, {"user_id": user, "ts": int(time.time() * 1000)})
    wrong = shop.send("items", "private-item", {"item_id": "private-item", "title": text}, headers=trace)
    until(lambda: bad in shop.dead_letters(), "the dead letter")
    where = {"topic": wrong.topic, "partition": 0, "offset": wrong.offset, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    until(lambda: [line for line in shop.worker.errors() if where.items() <= line.items()], "the line about the item")
    assert "private" not in shop.worker.log.read_text()


def test_statistics_of_a_purchase_are_told_to_everyone(shop: Shop) -> None:
    event = {"user_id": "ann", "item_id": "i2", "ts": int(time.time() * 1000), "price": 5, "currency": "GBP", "order_id": "o1"}
    shop.send("purchases", "ann", event)
    stats = until(lambda: [record for record in records(shop.settings, "item-stats") if record.key == b"i2"], "item statistics")
    assert len(stats[-1].value) <= 1024


def test_health_and_metrics_tell_that_all_is_well(shop: Shop) -> None:
    assert shop.worker.get("/live")[0] == 200
    assert shop.worker.health()[0] == 200
    metrics = shop.worker.get("/metrics")[1]
    assert "streamrec_model_info{" in metrics
    assert "ann" not in metrics
