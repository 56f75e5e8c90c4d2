"""The item side counts every signal once and speaks at most once per interval."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streamrec.processors.base import Memory, Outcome, Part
from streamrec.processors.items import ItemProcessor
from streamrec.replay import Record
from streamrec.state.item import KINDS, Signal
from streamrec.state.stats import ItemStats, decode_stats
from tests.shop import NOW, catalogue, item, rows, settings


class Side:
    """An item processor with its rows, its memory and a clock."""

    def __init__(self, interval: int = 1000) -> None:
        self.now = NOW
        self.catalogue = catalogue(item("a"), item("b"))
        self.items = ItemProcessor(settings(stats_interval_ms=interval), self.catalogue, clock_ms=lambda: self.now)
        self.rows, self.memory = rows(), Memory()

    def send(self, *records: Record) -> Outcome:
        return self.items.process([Part(self.rows, self.memory, records)])[0]


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
    assert sent(side.items.tick(side.rows, side.memory, NOW + 999)) == {}
    assert sent(side.items.tick(side.rows, side.memory, NOW + 1000))["a"].version == 2
    assert sent(side.items.tick(side.rows, side.memory, NOW + 5000)) == {}


def test_what_waits_survives_a_restart_with_the_memory() -> None:
    side, after = Side(), Side()
    side.send(signal(1))
    side.send(signal(2))
    after.rows, after.memory = side.rows, msgspec.msgpack.decode(msgspec.msgpack.encode(side.memory))
    assert sent(after.items.tick(after.rows, after.memory, NOW + 1000))["a"].version == 2
    assert after.send(signal(2)).counts["repeated"] == 1


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
