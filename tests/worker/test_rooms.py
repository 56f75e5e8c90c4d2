"""The room side: what hosts say and viewers write makes a moment of each room, counted once, and questions are answered once."""

from __future__ import annotations

from typing import Any

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Outcome, Part
from streamrec.events.speech import Insight, Mention, Reply, RoomMoment
from streamrec.state.memory import RoomMemory, RoomShard
from streamrec.state.packing import pack_room, unpack_room
from streamrec.state.room import Order, RoomRow
from streamrec.worker.room_batch import FADE_MS, LEFT_MS, MOMENT_MS
from streamrec.worker.rooms import RoomProcessor
from streamrec.worker.understanding import load_story
from tests.shop import NOW, Record, item, room, rows, settings

ITEMS = [
    item(
        "pan",
        "铁匠 麦饭石 不粘炒锅 32cm",
        category="锅具",
        price=129.0,
        currency="CNY",
        attributes={"材质": "铝合金", "口径": "32cm"},
        lang="zh",
    ),
    item("cup", "青山 陶瓷 马克杯 350ml", category="杯子", price=39.0, currency="CNY", attributes={"容量": "350ml"}, lang="zh"),
    item("tea", "云岭 明前 龙井 绿茶 250g", category="茶叶", price=188.0, currency="CNY", stock=7, lang="zh"),
]


class Side:
    """A room processor with its rows, its memory and a clock."""

    def __init__(self, **fields: Any) -> None:
        self.now, self.offset = NOW, 0
        self.settings = settings()
        self.catalogue = Catalogue(clock_ms=lambda: self.now)
        self.catalogue.put_items(ITEMS)
        self.catalogue.put_room(room("r", ["pan", "cup", "tea"], **fields))
        self.rooms = RoomProcessor(self.settings, self.catalogue, load_story(self.settings, self.catalogue), clock_ms=lambda: self.now)
        self.rows, self.memory = rows(), RoomMemory()

    @property
    def shard(self) -> RoomShard:
        return RoomShard(0, self.rows, self.memory)

    @property
    def row(self) -> RoomRow:
        row: RoomRow = self.rows[b"r"]
        return row

    def send(self, *records: Record) -> Outcome:
        return self.rooms.process([Part(self.shard, records)])[0]

    def _record(self, topic: str, value: bytes, key: str = "r") -> Record:
        self.offset += 1
        return Record(f"streamrec.{topic}", self.offset, key.encode(), value, self.now)

    def say(self, text: str, segment: str | None = None, **fields: Any) -> Record:
        self.now += 5_000
        spoken = {"room_id": "r", "segment": segment or f"s{self.now}", "ts": self.now, "text": text}
        return self._record("transcripts", msgspec.json.encode(spoken | fields))

    def write(
        self, text: str, *intents: str, user: str = "u", items: tuple[str, ...] = (), offset: int | None = None, **fields: Any
    ) -> Record:
        self.now += 100
        place = ("danmaku", 0, self.offset if offset is None else offset)
        named = [Mention(item_id=item_id, weight=1.0, ref="position") for item_id in items]
        insight = Insight(
            room_id="r", user_id=user, ts=self.now, event_id=f"e{place[2]}", source=place, text=text, lang="zh",
            intents=list(intents), sentiment=fields.get("sentiment", "neutral"), items=named,
        )  # fmt: skip
        return self._record("danmaku-insights", msgspec.json.encode(insight))


def sent(outcome: Outcome, topic: str, kind: type[Any]) -> list[Any]:
    return [msgspec.json.decode(out.value or b"", type=kind) for out in outcome.saved if out.topic == f"streamrec.{topic}"]


def moments(outcome: Outcome) -> list[RoomMoment]:
    return sent(outcome, "room-moments", RoomMoment)


def replies(outcome: Outcome) -> list[Reply]:
    return sent(outcome, "replies", Reply)


def test_what_the_host_says_is_on_air_for_this_worker_at_once_and_is_told_to_the_others() -> None:
    side = Side()
    (moment,) = moments(side.send(side.say("来 我们上一号链接 这口麦饭石的不粘炒锅")))
    assert (moment.on_air, moment.by) == ("pan", "speech")
    assert side.catalogue.rooms.live["r"].on_air_id == "pan"


def test_the_record_of_a_room_wins_over_what_its_host_says() -> None:
    side = Side(on_air="tea")
    (moment,) = moments(side.send(side.say("来 我们上一号链接 这口麦饭石的不粘炒锅")))
    assert (moment.on_air, moment.by, moment.confidence) == ("tea", "room", 1.0)


def test_what_was_on_air_before_is_remembered() -> None:
    side = Side()
    side.send(side.say("一号链接 麦饭石不粘炒锅"))
    outcome = side.send(side.say("好 下一款 二号链接 陶瓷马克杯"), side.say("二号链接这个马克杯是陶瓷的"))
    assert (moments(outcome)[-1].on_air, moments(outcome)[-1].shown) == ("cup", ["pan"])
    assert side.catalogue.scenes.of("r").shown == ["pan"]


def test_a_comment_counts_once_however_often_it_comes() -> None:
    side = Side()
    again = side.write("想要", "want", items=("cup",), offset=7)
    outcome = side.send(again, again, side.write("好看", "praise", offset=8))
    assert (outcome.counts["applied"], outcome.counts["repeated"]) == (2, 1)
    assert 1.9 < side.row.comments.count <= 2.0


def test_an_older_revision_of_a_segment_changes_nothing() -> None:
    side = Side()
    side.send(side.say("二号链接 陶瓷马克杯", "s1", revision=2))
    before = pack_room(side.row)
    side.send(side.say("三号链接 龙井茶", "s1", revision=1))
    assert side.row.heard == unpack_room(before).heard
    assert side.row.on_air == "cup"


def test_a_question_is_answered_from_the_catalogue_once_for_all_who_ask() -> None:
    side = Side()
    first = side.send(side.write("1号什么材质的", "ask_quality", user="a", items=("pan",)))
    (reply,) = replies(first)
    assert (reply.item_id, reply.source, reply.quote) == ("pan", "catalogue", "铝合金")
    assert "铝合金" in reply.answer
    assert replies(side.send(side.write("1号啥材质", "ask_quality", user="b", items=("pan",)))) == []
    side.now += MOMENT_MS
    told = moments(side.rooms.tick(side.shard, side.now))[-1].questions
    assert [(one.asked, one.reply_id) for one in told] == [(2, reply.reply_id)]


def test_after_the_window_the_same_question_is_answered_again() -> None:
    side = Side()
    assert len(replies(side.send(side.write("1号什么材质的", "ask_quality", items=("pan",))))) == 1
    side.now += 61_000
    assert len(replies(side.send(side.write("1号什么材质的", "ask_quality", items=("pan",))))) == 1


def test_a_price_that_the_host_names_is_answered_as_the_hosts() -> None:
    side = Side()
    side.send(side.say("来 一号链接 这个炒锅 今天直播间只要99块钱", "s7"))
    (reply,) = replies(side.send(side.write("多少钱", "ask_price", items=("pan",))))
    assert (reply.source, reply.field) == ("host", "s7")
    assert "99" in reply.answer
    assert "129" not in reply.answer


def test_spam_is_counted_and_wants_nothing() -> None:
    side = Side()
    side.send(side.write("加v信领红包 2号免费送", "spam", items=("cup",)))
    assert side.row.wanted == {}
    assert side.row.comments.count == 1.0


def test_what_many_write_alike_wants_hardly_more_than_what_a_few_do() -> None:
    side = Side()
    for number in range(300):
        side.send(side.write("2号我要我要", "want", user=f"u{number}", items=("cup",)))
    assert side.row.wanted["cup"].count < 7


def test_moments_wait_a_second_unless_another_item_is_on_air() -> None:
    side = Side()
    assert len(moments(side.send(side.write("来啦", "greeting")))) == 1
    assert moments(side.send(side.write("好看", "praise"))) == []
    assert len(moments(side.send(side.say("三号链接 明前龙井 绿茶")))) == 1
    side.send(side.write("好喝", "praise"))
    side.now += MOMENT_MS
    assert side.rooms.waits(side.shard)
    assert len(moments(side.rooms.tick(side.shard, side.now))) == 1


def test_rooms_that_nobody_has_announced_leave_no_rows() -> None:
    side = Side()
    outcome = side.send(Record("streamrec.transcripts", 1, b"x", b'{"room_id":"x","segment":"1","ts":1700000000000,"text":"hi"}', NOW))
    assert outcome.counts["roomless"] == 1
    assert side.rows == {}


def test_the_row_of_a_room_that_has_ended_is_deleted_and_its_moment_with_it() -> None:
    side = Side()
    side.send(side.say("一号链接 麦饭石不粘炒锅"))
    side.catalogue.put_room(room("r", [], status="ended"))
    side.now += LEFT_MS
    outcome = side.rooms.tick(side.shard, side.now)
    assert [(out.key, out.value) for out in outcome.saved] == [(b"r", None)]
    assert (side.rows, side.memory.due) == ({}, {})


def test_orders_speak_for_what_is_on_air() -> None:
    side = Side()
    side.send(side.say("一号链接 麦饭石不粘炒锅"))
    before = side.row.confidence
    order = Order("pan", side.now + 1000, ("purchases", 0, 5))
    record = Record("streamrec.room-orders", 99, b"r", msgspec.json.encode(order), side.now)
    outcome = side.send(record, record)
    assert (outcome.counts["applied"], outcome.counts["repeated"]) == (1, 1)
    assert side.row.confidence >= before


def test_records_that_cannot_be_used_become_dead_letters_and_the_others_count() -> None:
    side = Side()
    bad = [
        Record("streamrec.transcripts", 1, b"r", b"{", NOW),
        Record("streamrec.transcripts", 2, None, b'{"room_id":"r","segment":"1","ts":1700000000000,"text":"hi"}', NOW),
        Record("streamrec.transcripts", 3, b"r", None, NOW),
    ]
    outcome = side.send(*bad, side.say("一号链接 麦饭石不粘炒锅"))
    assert (outcome.counts["dead_letter"], outcome.counts["applied"]) == (3, 1)
    assert [dict(out.headers)["streamrec.errors.reason"] for out in outcome.records] == [b"malformed", b"missing_key", b"tombstone"]


def test_the_row_of_a_room_survives_being_packed() -> None:
    side = Side()
    side.send(side.say("一号链接 麦饭石不粘炒锅"), side.say("今天只要99块"))
    side.send(side.write("多少钱", "ask_price", items=("pan",)), side.write("想要", "want", items=("pan",)))
    assert unpack_room(pack_room(side.row)) == side.row


def test_what_people_wrote_leaves_the_row_and_the_moment_of_a_room_that_falls_silent() -> None:
    side = Side()
    side.send(side.write("1号什么材质的", "ask_quality", user="victim", items=("pan",)))
    assert b"victim" in pack_room(side.row)
    told: list[RoomMoment] = []
    for _ in range(8):
        side.now += FADE_MS
        told += moments(side.rooms.tick(side.shard, side.now))
    assert b"victim" not in pack_room(side.row)
    assert (told[-1].questions, told[-1].viewers, told[-1].comments < 0.1) == ([], 0, True)
    assert not side.row.quotes
