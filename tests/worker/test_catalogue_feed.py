"""The catalogue follows the broadcast topics, and bad records among them become dead letters once."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.avro import avro_schema
from streamrec.events.fields import EventTime
from streamrec.events.sizes import CUT
from streamrec.state.item import ItemRow, Signal, count
from streamrec.state.memory import Sent, UserMemory
from streamrec.state.stats import encode_stats, stats_of
from streamrec.worker import catalogue_feed as feed_module
from streamrec.worker import rejects
from streamrec.worker.catalogue_feed import CatalogueFeed
from tests.events.registries import LateSchemas, framed
from tests.shop import DAY, NOW, Record, item, room, rule, settings


def record(topic: str, offset: int, key: str | None, value: object) -> Record:
    raw = value if isinstance(value, bytes | None) else msgspec.json.encode(value, enc_hook=int)
    return Record(f"streamrec.{topic}", offset, key.encode() if key else None, raw, NOW)


def fed(*records: Record, clock: float = 0.0) -> tuple[CatalogueFeed, Catalogue]:
    catalogue = Catalogue()
    feed = CatalogueFeed(settings(), catalogue, monotonic=lambda: clock)
    for each in records:
        feed.apply(each.topic, [each])
    return feed, catalogue


def test_items_and_rooms_come_and_go() -> None:
    feed, catalogue = fed(record("items", 0, "a", item("a")), record("rooms", 0, "r", room("r", ["a"])))
    assert catalogue.for_sale(live_only=True).tolist() == [True]
    feed.apply("streamrec.rooms", [record("rooms", 1, "r", None)])
    assert not catalogue.for_sale(live_only=True).any()
    feed.apply("streamrec.items", [record("items", 1, "a", None)])
    assert not catalogue.for_sale(live_only=False).any()


def test_a_rule_holds_from_its_record_to_its_tombstone() -> None:
    feed, catalogue = fed(record("rules", 0, "r", rule("r", "block", "a")))
    assert [each.target_id for each in catalogue.rules.book(("block",)).rules] == ["a"]
    feed.apply("streamrec.rules", [record("rules", 1, "r", None)])
    assert catalogue.rules.book(("block",)).rules == []


def test_a_rule_that_says_nothing_known_is_a_dead_letter_and_its_former_state_stays() -> None:
    feed, catalogue = fed(record("rules", 0, "r", rule("r", "block", "a")), record("rules", 1, "r", {"rule_id": "r", "action": "praise"}))
    assert len(catalogue.rules.book(("block",)).rules) == 1
    (letter,) = feed.dead_letters(UserMemory(), NOW)
    assert dict(letter.headers)["streamrec.errors.reason"] == b"invalid"


def test_records_of_one_chunk_are_applied_in_order() -> None:
    feed, catalogue = fed()
    feed.apply("streamrec.items", [record("items", 0, "a", item("a")), record("items", 1, "a", None), record("items", 2, "b", item("b"))])
    assert {item_id for item_id, slot in catalogue.items.slots.items() if catalogue.items.listed[slot]} == {"b"}


def test_an_item_without_a_title_is_a_dead_letter_and_its_former_state_stays() -> None:
    feed, catalogue = fed(record("items", 0, "a", item("a")), record("items", 1, "a", {"item_id": "a", "price": 1, "currency": "GBP"}))
    assert catalogue.for_sale(live_only=False).tolist() == [True]
    (letter,) = feed.dead_letters(UserMemory(), NOW)
    assert (letter.topic, letter.key) == ("streamrec.dead-letters", b"a")
    assert dict(letter.headers)["streamrec.errors.offset"] == b"1"
    assert dict(letter.headers)["streamrec.errors.reason"] == b"invalid"


def test_what_the_memory_knows_as_done_is_not_sent_again_after_a_restart() -> None:
    bad = record("items", 1, "a", b"?")
    memory = UserMemory()
    assert len(fed(bad)[0].dead_letters(memory, NOW)) == 1
    restarted, _ = fed(bad, record("items", 2, "a", b"!"))
    assert [dict(letter.headers)["streamrec.errors.offset"] for letter in restarted.dead_letters(memory, NOW)] == [b"2"]


def test_bad_records_of_a_topic_that_was_made_again_have_letters_though_their_offsets_have_been() -> None:
    memory = UserMemory()
    old = [record("items", offset, "a", b"?")._replace(timestamp=NOW) for offset in (7, 8)]
    new = [record("items", offset, "a", b"?")._replace(timestamp=NOW + 1) for offset in (3, 4)]
    assert len(fed(*old)[0].dead_letters(memory, NOW)) == 2
    assert len(fed(*new)[0].dead_letters(memory, NOW)) == 2
    assert fed(*new)[0].dead_letters(memory, NOW) == [], "each has one letter, also after a restart"


def test_a_memory_without_times_is_known() -> None:
    memory = UserMemory(rejected={"streamrec.items-0": 1})
    bad = [record("items", offset, "a", b"?") for offset in (0, 1, 2)]
    assert len(fed(*bad)[0].dead_letters(memory, NOW)) == 1
    assert fed(*bad)[0].dead_letters(memory, NOW) == []


def test_an_item_under_anothers_key_is_refused() -> None:
    feed, catalogue = fed(record("items", 0, "b", item("a")))
    assert catalogue.items.size == 0
    assert dict(feed.dead_letters(UserMemory(), NOW)[0].headers)["streamrec.errors.reason"] == b"misrouted"


def test_a_catalogue_that_was_not_polled_for_a_second_is_stale() -> None:
    feed, _ = fed(clock=100.0)
    feed.polled(99.5)
    assert not feed.stale()
    feed.polled(98.9)
    assert feed.stale()


def test_a_tombstone_whose_key_can_be_no_id_is_a_dead_letter() -> None:
    for topic in ("items", "rooms", "rules", "item-stats"):
        for key in (b"\xff\xfe\x00*", b"", b"x" * 200, b"a\nb"):
            feed, _ = fed(record(topic, 0, None, None)._replace(key=key))
            (letter,) = feed.dead_letters(UserMemory(), NOW)
            assert (letter.key, dict(letter.headers)["streamrec.errors.reason"]) == (key, b"missing_key")


def test_every_bad_record_has_its_letter_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(rejects, "MOST", 40)
    monkeypatch.setattr(rejects, "LETTERS_AT_ONCE", 7)
    feed, _ = fed(*(record("items", offset, "a", b"?" * 50) for offset in range(100)))
    memory = UserMemory()
    letters = []
    while found := feed.dead_letters(memory, NOW):
        letters += found
    assert len(letters) == 41
    assert [dict(letter.headers)["streamrec.errors.offset"] for letter in letters] == [b"%d" % offset for offset in [*range(40), 99]]
    assert letters[0].value == b"?" * 50
    left_out = f"value: 50 bytes, sha256 {sha256(b'?' * 50).hexdigest()}"
    assert (letters[30].value, dict(letters[30].headers)[CUT]) == (None, left_out.encode())
    assert (dict(letters[40].headers)["streamrec.errors.message"] or b"").startswith(b"60 records up to this offset")
    assert memory == UserMemory(rejected={"streamrec.items-0": Sent(99, NOW)})
    assert fed(record("items", 99, "a", b"?"))[0].dead_letters(memory, NOW) == []


def test_an_item_whose_schema_is_asked_for_waits_and_gives_way_to_a_newer_one() -> None:
    registry, catalogue = LateSchemas({7: avro_schema("items")}), Catalogue()
    feed = CatalogueFeed(settings(), catalogue, schemas=registry)

    def avro(item_id: str, title: str) -> bytes:
        return framed(7, avro_schema("items"), {"item_id": item_id, "title": title, "price": 1.0, "currency": "GBP"})

    feed.apply("streamrec.items", [record("items", 0, "a", avro("a", "old")), record("items", 1, "b", avro("b", "b"))])
    feed.between()
    assert (catalogue.items.size, feed.awaiting()) == (0, 2)
    feed.apply("streamrec.items", [record("items", 2, "a", item("a", "new"))])
    registry.answers = True
    feed.between()
    assert feed.awaiting() == 0
    assert sorted(catalogue.items.titles) == ["b", "new"]
    assert feed.dead_letters(UserMemory(), NOW) == []


def test_items_that_wait_for_their_schemas_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "AWAITING_BYTES", 1_000)
    feed = CatalogueFeed(settings(), Catalogue(), schemas=LateSchemas({7: avro_schema("items")}))
    feed.apply("streamrec.items", [record("items", offset, f"i{offset}", b"\0\0\0\0\7" + b"x" * 200) for offset in range(10)])
    reasons = [dict(letter.headers)["streamrec.errors.reason"] for letter in feed.dead_letters(UserMemory(), NOW)]
    assert 0 < feed.awaiting() < 10
    assert reasons == [b"unknown_schema"] * (10 - feed.awaiting())


def statistics(offset: int, key: str, version: int | None) -> Record:
    row = ItemRow()
    for number in range(version or 0):
        count(row, Signal("purchase", NOW, 1.0, [], "purchases", 0, number, 0))
    return record("item-stats", offset, key, None if version is None else encode_stats(stats_of(row)))


def test_statistics_that_come_before_their_item_are_there_once_it_comes() -> None:
    feed, catalogue = fed(statistics(0, "a", 3), statistics(1, "nobody", 2))
    assert catalogue.held() | {"unlisted_bytes": 0} == catalogue.held() | {"slots": 0, "unlisted": 2, "unlisted_bytes": 0}
    feed.apply("streamrec.items", [record("items", 0, "a", item("a"))])
    assert catalogue.items.version.tolist() == [3]
    assert catalogue.held()["unlisted"] == 1


def test_a_tombstone_of_statistics_is_believed_and_what_comes_after_it_counts_anew() -> None:
    feed, catalogue = fed(record("items", 0, "a", item("a")), statistics(0, "a", 3), statistics(1, "nobody", 2))
    feed.apply("streamrec.item-stats", [statistics(2, "a", None), statistics(3, "nobody", None), statistics(4, "unheard of", None)])
    assert (catalogue.items.version.tolist(), catalogue.held()["unlisted"]) == ([0], 0)
    feed.apply("streamrec.item-stats", [statistics(5, "a", 1)])
    assert catalogue.items.version.tolist() == [1]


def test_a_room_is_as_old_as_its_record() -> None:
    _, catalogue = fed(record("rooms", 0, "r", room("r", [], ts=EventTime(NOW + 300 * DAY))))
    catalogue.expire(NOW + DAY)
    assert not catalogue.rooms.live


GOOD = [1, NOW, NOW, [[1.0] * 4] * 6, [["b", 1.0]]]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{}",
        b"[1]",
        msgspec.json.encode([*GOOD[:3], [[1.0] * 4] * 5, []]),
        msgspec.json.encode([*GOOD[:3], [[1.0] * 5] * 6, []]),
        msgspec.json.encode([*GOOD[:3], [[1e300] * 4] * 6, []]),
        msgspec.json.encode([*GOOD[:3], [[-1.0] * 4] * 6, []]),
        msgspec.json.encode([1 << 63, *GOOD[1:]]),
        msgspec.json.encode([1, 1 << 63, *GOOD[2:]]),
        msgspec.json.encode([1, NOW, -1, *GOOD[3:]]),
        msgspec.json.encode([*GOOD[:4], [["b", 1e300]]]),
        msgspec.json.encode([*GOOD[:4], [["", 1.0]]]),
        msgspec.json.encode([-1, *GOOD[1:]]),
        msgspec.json.encode([*GOOD[:4], [[f"b{number}", 1.0] for number in range(500)]]),
        msgspec.json.encode([*GOOD, [], 0.0, 0, [[f"c{number}", 1.0] for number in range(9)]]),
        msgspec.json.encode([*GOOD, [], 0.0, 1 << 63]),
    ],
)
def test_statistics_that_nobody_of_ours_writes_change_nothing(value: bytes) -> None:
    for listed in ([record("items", 0, "a", item("a"))], []):
        feed, catalogue = fed(*listed, record("item-stats", 0, "a", value))
        assert catalogue.items.version.tolist() == [0] * len(listed)
        assert catalogue.held()["unlisted"] == 0
        assert len(feed.dead_letters(UserMemory(), NOW)) == 1


def test_statistics_of_the_release_before_are_read() -> None:
    _, catalogue = fed(record("items", 0, "a", item("a")), record("item-stats", 0, "a", msgspec.json.encode(GOOD)))
    assert catalogue.items.version.tolist() == [1]
