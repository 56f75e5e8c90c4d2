"""The live room on real Kafka, with the real worker: what viewers write and hosts say moves lists, is told, and is answered."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord

from streamrec.kafka import topics
from streamrec.settings import Settings
from tests.engine.support import Worker, records, stop_all, until
from tests.patience import PATIENCE_S
from tests.test_path import Shop, items_of

pytestmark = pytest.mark.kafka
ITEMS: list[dict[str, Any]] = [
    {"title": "云朵收纳 真空压缩袋 大号6只装", "category": "收纳", "price": 39, "attributes": {"材质": "PE", "尺寸": "70x100cm"}},
    {"title": "北岭 90白鹅绒 短款羽绒服 女", "category": "羽绒服", "price": 499, "attributes": {"充绒量": "110g", "尺码": "S-XL"}},
    {"title": "半夏 桑蚕丝 方巾 60cm", "category": "丝巾", "price": 89, "attributes": {"材质": "100%桑蚕丝"}},
    {"title": "木西 实木 折叠小凳", "category": "凳子", "price": 59, "attributes": {"承重": "120kg"}},
    {"title": "Harbour enamel mug 350ml", "category": "mugs", "price": 12, "attributes": {"capacity": "350ml"}},
    {"title": "Pine & Co wool throw blanket", "category": "blankets", "price": 45, "attributes": {"material": "wool"}},
]
IDS = [f"g{number}" for number in range(len(ITEMS))]


class Room(Shop):
    """A running worker and a live room that says nothing of what is on air."""

    def write(self, user: str, text: str, **fields: Any) -> ConsumerRecord:
        event = {"user_id": user, "room_id": "hall", "ts": int(time.time() * 1000), "text": text}
        return self.send("danmaku", user, event | fields)

    def say(self, segment: str, text: str, **fields: Any) -> ConsumerRecord:
        spoken = {"room_id": "hall", "segment": segment, "ts": int(time.time() * 1000), "text": text}
        return self.send("transcripts", "hall", spoken | fields)

    def read(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(record.value) for record in records(self.settings, topic) if record.value is not None]

    def insight(self, sent: ConsumerRecord) -> dict[str, Any]:
        """What the worker made of a comment."""
        source = ["danmaku", sent.partition, sent.offset]
        made = until(lambda: [one for one in self.read("danmaku-insights") if one["source"] == source], f"an insight of {source}")
        assert len(made) == 1
        return made[0]

    def on_air(self, item_id: str) -> dict[str, Any]:
        """The room's moment once that item is on air."""
        return until(lambda: [one for one in self.read("room-moments") if one.get("on_air") == item_id], f"{item_id} on air")[-1]


@pytest.fixture(scope="module")
def hall(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    settings = Settings(broker=broker, prefix="hall.", app_id="hall", partitions=2, data_dir=tmp_path_factory.mktemp("hall"))
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker")
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
        made = Room(settings, worker, producer)
        for item_id, fields in zip(IDS, ITEMS, strict=True):
            made.send("items", item_id, {"item_id": item_id, "currency": "CNY", "stock": 50, **fields})
        made.send("rooms", "hall", {"room_id": "hall", "host_id": "h", "status": "live", "shelf": IDS, "ts": int(time.time() * 1000)})
        try:
            worker.start().ready()
            yield made
            assert worker.stop() == 0
            assert [line["event"] for line in worker.errors() if "cannot be used" not in line["event"]] == []
        finally:
            stop_all([worker])


def test_what_the_host_says_puts_an_item_on_air_and_this_one_means_it(hall: Room) -> None:
    hall.say("s1", "来 我们看二号链接 这件白鹅绒的羽绒服 短款的")
    moment = hall.on_air("g1")
    assert (moment["by"], moment["confidence"] > 0.5) == ("speech", True)
    insight = hall.insight(hall.write("li", "这个多少钱"))
    assert insight["items"][0]["item_id"] == "g1"
    assert insight["items"][0]["ref"] == "deictic"
    assert "ask_price" in insight["intents"]


def test_a_comment_brings_its_item_to_the_top_of_the_next_list_of_its_viewer(hall: Room) -> None:
    made = hall.list_for(hall.write("wang", "想要那个丝巾"))
    assert items_of(made)[0] == "g2"
    assert "you_mentioned" in made["items"][0]["reasons"] or "you_want_it" in made["items"][0]["reasons"]


def test_a_refused_item_leaves_the_lists_of_its_viewer_alone(hall: Room) -> None:
    assert "g1" in items_of(hall.list_for(hall.write("zhao", "晚上好")))
    sent = hall.write("zhao", "不想要羽绒服")
    made = hall.list_for(sent)
    assert hall.insight(sent)["unwanted"] == ["g1"]
    assert "g1" not in items_of(made)[:3]
    assert "g1" in items_of(hall.list_for(hall.write("qian", "大家好")))


def test_a_question_is_answered_once_for_all_who_ask_it_within_a_minute(hall: Room) -> None:
    sent = [hall.write(f"asker{number}", text) for number, text in enumerate(("4号承重多少", "4号能承重多少呀", "四号承重多少"))]
    asked = [hall.insight(each) for each in sent]
    assert {one["items"][0]["item_id"] for one in asked} == {"g3"}
    replies = until(lambda: [one for one in hall.read("replies") if one.get("item_id") == "g3"], "a reply about the stool")
    assert len(replies) == 1
    assert "120" in replies[0]["answer"]
    assert (replies[0]["source"], replies[0]["quote"]) == ("catalogue", "120kg")


def test_a_price_that_the_host_names_is_told_before_that_of_the_catalogue_and_as_the_hosts(hall: Room) -> None:
    hall.say("s20", "好 下一款 五号链接 这个搪瓷杯 enamel mug 今天直播间只要9块9")
    hall.on_air("g4")
    hall.write("mei", "5号多少钱")
    reply = until(lambda: next((one for one in hall.read("replies") if one.get("item_id") == "g4"), None), "a reply about the mug")
    assert "9" in reply["answer"]
    assert "12" not in reply["answer"]
    assert (reply["source"], reply["field"]) == ("host", "s20")


def test_a_burst_of_like_comments_moves_nobody_elses_list_and_is_told_as_one(hall: Room) -> None:
    before = items_of(hall.list_for(hall.write("quiet", "晚上好呀")))
    last = [hall.write(f"bot{number}", f"加V信 zz{number}88 领红包 3号丝巾免费送") for number in range(40)][-1]
    hall.insight(last)
    time.sleep(1.5)  # the statistics of items reach the lists once a second
    after = items_of(hall.list_for(hall.write("quiet2", "晚上好呀")))
    assert after.index("g2") >= before.index("g2")
    until(lambda: any(burst["comments"] >= 20 for one in hall.read("room-moments") for burst in one.get("bursts", [])), "a burst")


def test_segments_with_a_wrong_key_or_without_a_text_become_dead_letters(hall: Room) -> None:
    hall.send("transcripts", "other", {"room_id": "hall", "segment": "x", "ts": int(time.time() * 1000), "text": "一"})
    hall.send("transcripts", "hall", {"room_id": "hall", "segment": "y", "ts": int(time.time() * 1000)})
    hall.send("transcripts", "hall", b"\xff\xfe")
    until(lambda: len(hall.dead_letters()) >= 3, f"three dead letters within {PATIENCE_S} s")


def test_the_moment_of_a_room_outlives_its_worker(hall: Room, tmp_path: Path) -> None:
    hall.say("s30", "六号链接 羊毛毯 wool throw blanket 上了")
    hall.on_air("g5")
    assert hall.worker.stop() == 0
    hall.worker.start().ready()
    assert hall.insight(hall.write("sun", "这个多少钱"))["items"][0]["item_id"] == "g5"
