"""The item side counts every signal once and speaks at most once per interval."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue, Keeping
from streamrec.contract.processor import Outcome, Part
from streamrec.state.item import KINDS, Signal
from streamrec.state.memory import ItemMemory, ItemShard
from streamrec.state.stats import ItemStats, decode_stats, encode_stats, stats_of
from streamrec.worker.items import SENT_AGAIN_AT_ONCE, ItemProcessor
from tests.shop import DAY, NOW, Record, item, rows, settings


class Side:
    """An item processor with its rows, its memory and a clock."""

    def __init__(self, interval: int = 1000, most: int = 1000) -> None:
        self.now = NOW
        self.catalogue = Catalogue(keeping=Keeping(strangers=most), clock_ms=lambda: self.now)
        self.catalogue.put_items([item("a"), item("b")])
        self.items = ItemProcessor(settings(stats_interval_ms=interval), self.catalogue, clock_ms=lambda: self.now)
        self.rows, self.memory = rows(), ItemMemory()

    @property
    def shard(self) -> ItemShard:
        return ItemShard(0, self.rows, self.memory)

    def send(self, *records: Record) -> Outcome:
        return self.items.process([Part(self.shard, records)])[0]


def signal(offset: int, item_id: str = "a", index: int = 0, partition: int = 0, **fields: Any) -> Record:
    value = Signal(fields.get("kind", "purchase"), NOW, 1.0, fields.get("before", []), "purchases", partition, offset, index)
    return Record("streamrec.item-signals", offset, item_id.encode(), msgspec.json.encode(value), NOW)


def sent(outcome: Outcome) -> dict[str, ItemStats]:
    return {(each.key or b"").decode(): decode_stats(each.value or b"") for each in outcome.saved}


def test_a_signal_is_counted_and_told_to_everyone_and_to_this_worker_at_once() -> None:
    side = Side()
    stats = sent(side.send(signal(1, before=[("b", 0.5)])))["a"]
    assert stats.counts[KINDS.index("purchase")][0] == 1.0
    assert stats.neighbours == [("b", 0.5)]
    assert side.catalogue.items.version[side.catalogue.items.slots["a"]] == 1


def test_a_signal_that_comes_again_counts_once() -> None:
    side = Side()
    side.send(signal(1), signal(1, index=1), signal(2))
    outcome = side.send(signal(1), signal(1, index=1), signal(2), signal(3))
    assert (outcome.counts["repeated"], outcome.counts["applied"]) == (3, 1)
    assert side.rows[b"a"].version == 4


def test_the_fences_of_two_source_partitions_do_not_touch() -> None:
    side = Side()
    assert side.send(signal(9, partition=0), signal(1, partition=1)).counts["applied"] == 2


def test_within_the_interval_statistics_wait_and_are_sent_when_it_has_passed() -> None:
    side = Side()
    assert set(sent(side.send(signal(1)))) == {"a"}
    assert sent(side.send(signal(2), signal(3, "b"))).keys() == {"b"}
    assert sent(side.items.tick(side.shard, NOW + 999)) == {}
    assert sent(side.items.tick(side.shard, NOW + 1000))["a"].version == 2
    assert sent(side.items.tick(side.shard, NOW + 5000)) == {}


def test_what_waits_survives_a_restart_with_the_memory() -> None:
    side, after = Side(), Side()
    side.send(signal(1))
    side.send(signal(2))
    after.rows, after.memory = side.rows, ItemMemory.load(msgspec.msgpack.decode(msgspec.msgpack.encode(side.memory.saved())))
    assert sent(after.items.tick(after.shard, NOW + 1000))["a"].version == 2
    assert after.send(signal(2)).counts["repeated"] == 1


def test_statistics_that_their_topic_has_lost_are_sent_again_bit_by_bit_and_once() -> None:
    side = Side(interval=0)
    flood(side, SENT_AGAIN_AT_ONCE + 10)
    after = Side(interval=0)
    after.rows, after.memory = side.rows, side.memory
    sendings = []
    while after.items.waits(after.shard):
        sendings.append(sent(after.items.tick(after.shard, after.now)))
    assert [len(each) for each in sendings] == [SENT_AGAIN_AT_ONCE, 10]
    assert {item_id.encode() for each in sendings for item_id in each} == set(side.rows)
    assert after.memory.again is None


def test_statistics_that_their_topic_has_are_not_sent_again() -> None:
    side = Side(interval=0)
    side.send(signal(0, "a"))
    after = Side(interval=0)
    after.rows, after.memory = side.rows, side.memory
    after.catalogue.put_stats("a", decode_stats(encode_stats(stats_of(side.rows[b"a"], side.catalogue.items.popularity))))
    assert sent(after.items.tick(after.shard, after.now)) == {}


def test_a_signal_that_cannot_be_read_is_a_dead_letter() -> None:
    outcome = Side().send(signal(1)._replace(value=b"?"))
    assert [each.topic for each in outcome.records] == ["streamrec.dead-letters"]


@given(st.lists(st.integers(0, 15), min_size=1, max_size=30), st.integers(1, 5))
def test_restarts_of_the_sender_never_count_a_signal_twice_or_lose_one(resends: list[int], size: int) -> None:
    """The sender goes back to an earlier offset now and then, as it does after a crash, and always sends in order."""
    side, stream, position = Side(), [], 0
    for back in resends:
        position = max(0, position - back)
        stream += [signal(offset) for offset in range(position, position + 10)]
        position += 10
    for begin in range(0, len(stream), size):
        side.send(*stream[begin : begin + size])
    assert side.rows[b"a"].version == max(record.offset for record in stream) + 1


def flood(side: Side, count: int, first: int = 1, prefix: str = "invented") -> Outcome:
    return side.send(*(signal(first + number, f"{prefix}{number:06}") for number in range(count)))


def forgotten(outcome: Outcome) -> list[str]:
    return [(each.key or b"").decode() for each in outcome.saved if each.value is None]


def ticks(side: Side) -> list[str]:
    """What is forgotten until nothing is left to be."""
    gone: list[str] = []
    while side.items.waits(side.shard) and (found := forgotten(side.items.tick(side.shard, side.now))):
        gone += found
    return gone


def test_of_invented_ids_the_most_recent_stay_and_the_others_leave_neither_row_nor_statistics() -> None:
    side = Side(most=100)
    side.send(signal(0, "a"))
    gone = forgotten(flood(side, 2_000))
    side.now += 1000
    gone += ticks(side)
    assert gone == [f"invented{number:06}" for number in range(1_900)]
    assert set(side.rows) == {b"a", *(b"invented%06d" % number for number in range(1_900, 2_000))}
    assert side.catalogue.held()["unlisted"] == 100
    assert side.memory.waiting == {}


def test_ids_that_nobody_lists_do_not_pile_up_however_fast_they_come() -> None:
    side = Side(most=100)
    for wave in range(20):
        flood(side, 2_000, first=1 + 2_000 * wave, prefix=f"w{wave:02}-")
        assert side.catalogue.held()["unlisted"] <= 100
        assert len(side.rows) <= 100
        side.now += 1


def test_an_item_that_the_catalogue_lists_is_never_forgotten_and_counts_every_signal_once() -> None:
    side = Side(most=10)
    for wave in range(5):
        side.send(signal(1_000 * wave, "a"))
        flood(side, 500, first=1_000 * wave + 1, prefix=f"w{wave}-")
        ticks(side)
    side.now += 400 * DAY
    ticks(side)
    assert side.rows[b"a"].version == 5
    assert side.rows[b"a"].listed
    assert set(side.rows) == {b"a"}


def test_what_is_forgotten_begins_anew_and_everyone_believes_the_new_statistics() -> None:
    side = Side(most=1)
    for number in range(5):
        side.send(signal(number, "x"))
    side.now += 2000
    side.items.tick(side.shard, side.now)
    assert forgotten(side.send(signal(10, "y"))) == ["x"]
    side.send(signal(11, "x"))
    side.catalogue.put_items([item("x")])
    assert side.rows[b"x"].version == 1
    assert side.catalogue.items.version[side.catalogue.items.slots["x"]] == 1


def test_an_item_that_was_removed_is_forgotten_after_its_time_and_not_before() -> None:
    side = Side()
    side.send(signal(1, "a"))
    side.catalogue.remove_item("a")
    side.now += 30 * DAY - 1
    assert ticks(side) == []
    side.now += 1
    assert ticks(side) == ["a"]
    assert side.rows == {}


def test_an_item_that_is_listed_a_moment_after_its_first_signals_has_them() -> None:
    side = Side()
    side.send(signal(1, "new"), signal(2, "new"))
    side.catalogue.put_items([item("new")])
    assert side.catalogue.items.version[side.catalogue.items.slots["new"]] == 2
    side.now += 8 * DAY
    assert ticks(side) == []


def test_what_waits_for_its_interval_fits_into_a_mark_and_nothing_is_lost() -> None:
    side = Side(interval=60_000, most=1_000_000)
    names = [f"{number:0128}" for number in range(6_000)]
    first = side.send(*(signal(number, name) for number, name in enumerate(names)))
    again = side.send(*(signal(10_000 + number, name) for number, name in enumerate(names)))
    assert len(msgspec.msgpack.encode(side.memory.saved())) < 300 * 1024
    side.now += 60_000
    later = side.items.tick(side.shard, side.now)
    assert sent(first).keys() == set(names)
    told = {**sent(again), **sent(later)}
    assert told.keys() == set(names)
    assert {stats.version for stats in told.values()} == {2}


@pytest.mark.parametrize(
    "bad",
    [
        signal(1)._replace(key=b"\xff\xfe"),
        signal(1)._replace(value=msgspec.json.encode(["purchase", NOW, 1e39, [], "purchases", 0, 1, 0])),
        signal(1)._replace(value=msgspec.json.encode(["praise", NOW, 1.0, [], "purchases", 0, 1, 0])),
        signal(1)._replace(value=msgspec.json.encode(["purchase", 1 << 62, 1.0, [], "purchases", 0, 1, 0])),
        signal(1)._replace(value=msgspec.json.encode(["purchase", NOW, 1.0, [["b", 1e300]], "purchases", 0, 1, 0])),
        signal(1)._replace(value=msgspec.json.encode(["purchase", NOW, 1.0, [], "purchases", 0, 1, 0, [], False, "", 7.0])),
    ],
)
def test_a_signal_that_no_user_side_sends_is_a_dead_letter_and_changes_nothing(bad: Record) -> None:
    side = Side()
    outcome = side.send(bad)
    assert [each.topic for each in outcome.records] == ["streamrec.dead-letters"]
    assert (side.rows, outcome.saved) == ({}, [])


def test_invented_ids_do_not_push_real_neighbours_out_of_the_statistics() -> None:
    side = Side()
    side.send(signal(0, "b"))
    side.send(*(signal(n, "a", before=[(f"invented{number}", 1.0) for number in range(10 * n, 10 * n + 10)]) for n in range(1, 5)))
    side.now += 2000
    stats = sent(side.send(signal(5, "a", before=[("b", 0.1)])))["a"]
    assert stats.neighbours[0] == ("b", 0.1)
    assert len(stats.neighbours) > 1
