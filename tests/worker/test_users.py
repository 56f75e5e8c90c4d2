"""The user side: every event once, every trigger covered, bad events buried with their bytes, erased people gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.contract.processor import Part
from streamrec.contract.rows import MemoryRows
from streamrec.ranking.ranker import Ranker
from streamrec.state.erasures import find
from streamrec.state.item import Signal
from streamrec.state.memory import UserMemory, UserShard
from streamrec.state.packing import UserState
from streamrec.state.user import SECRET_KEY, ErasedUser, erased_key
from streamrec.worker.list_maker import Made, Request
from tests.shop import DAY, NOW, Record, WordModel, record, room
from tests.worker.user_side import Side, header, lists, out, view

TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def buy(offset: int, user: str = "u", item_id: str = "i1", **fields: Any) -> Record:
    return record("purchases", offset, user_id=user, item_id=item_id, ts=NOW + offset, price=1, currency="GBP", **fields)


def test_a_view_is_applied_and_answered_by_a_list_that_names_its_trigger() -> None:
    side = Side()
    outcome = side.send(view(7, event_id="e7"))
    (made,) = lists(outcome)
    assert (made.list_id, made.user_id, made.seq) == ("streamrec.views-0-7", "u", 1)
    assert made.covers == [("streamrec.views", 0, 7)]
    assert (made.trigger.event_id, made.trigger.ts) == ("e7", NOW + 7)
    assert [each.rank for each in made.items] == [1, 2, 3, 4, 5]
    assert "i1" in side.rows[b"u"].seen
    assert outcome.counts["applied"] == outcome.counts["list"] == 1


def test_without_an_event_id_the_coordinates_are_the_id() -> None:
    assert lists(Side().send(view(7)))[0].trigger.event_id == "streamrec.views-0-7"


def test_the_users_of_several_partitions_are_ranked_at_once() -> None:
    side, calls = Side(), list[int]()
    make = side.users.side.maker.make

    def counted(requests: Sequence[Request]) -> Made:
        calls.append(len(requests))
        return make(requests)

    side.users.side.maker.make = counted  # type: ignore[method-assign]
    first, second = (UserShard(number, MemoryRows[UserState](), UserMemory()) for number in range(2))
    outcomes = side.users.process([Part(first, [view(1), view(2, "v")]), Part(second, [view(1, "w")])])
    assert calls == [3]
    assert [[made.user_id for made in lists(outcome)] for outcome in outcomes] == [["u", "v"], ["w"]]
    assert [[sent.partition for sent in out(outcome, "recommendations")] for outcome in outcomes] == [[0, 0], [1]]
    assert (first.rows.keys(), second.rows.keys()) == ({b"u", b"v"}, {b"w"})


def test_a_refund_and_feedback_change_state_and_get_no_list() -> None:
    side = Side()
    side.send(buy(1), buy(2))
    outcome = side.send(buy(3, action="refund"))
    assert lists(outcome) == []
    assert side.rows[b"u"].bought["i1"].count == pytest.approx(1.0, abs=1e-6)
    seen = record("feedback", 0, user_id="u", list_id="l", item_id="i2", action="hide", ts=NOW)
    assert lists(side.send(seen)) == []
    assert "i2" in side.rows[b"u"].hidden


def test_an_event_id_that_was_sent_before_is_dropped_and_counted() -> None:
    side = Side()
    outcome = side.send(view(1, event_id="e"), view(2, event_id="e"), view(3, "other", event_id="e"))
    assert (outcome.counts["applied"], outcome.counts["repeated"]) == (2, 1)
    assert side.send(buy(0, event_id="e")).counts["repeated"] == 1
    assert side.rows[b"u"].seen["i1"].count == 1.0


def test_a_purchase_tells_the_item_side_what_came_before_it() -> None:
    side = Side()
    side.send(buy(1, item_id="i1"))
    (signal,) = out(side.send(buy(2, item_id="i2")), "item-signals")
    read = msgspec.json.decode(signal.value or b"", type=Signal)
    assert (signal.key, read.kind, read.offset) == (b"i2", "purchase", 2)
    assert [other for other, _ in read.before] == ["i1"]


BAD = {
    "malformed": b"{",
    "invalid": b'{"user_id":"u","item_id":"","ts":1700000000000}',
    "time": b'{"user_id":"u","item_id":"i1","ts":0}',
}


@pytest.mark.parametrize(("reason", "value"), BAD.items())
def test_a_bad_event_becomes_a_dead_letter_with_its_bytes_and_the_rest_goes_on(reason: str, value: bytes) -> None:
    bad = view(5)._replace(value=value, headers=[("trace", b"t")])
    outcome = Side().send(view(4), bad, view(6))
    (letter,) = out(outcome, "dead-letters")
    assert (letter.key, letter.value) == (bad.key, value)
    assert (header(letter, "reason"), header(letter, "offset"), header(letter, "topic")) == (reason, "5", "streamrec.views")
    assert dict(letter.headers)["trace"] == b"t"
    assert (outcome.counts["applied"], outcome.counts["dead_letter"]) == (2, 1)


@pytest.mark.parametrize(("key", "reason"), [(None, "missing_key"), (b"other", "misrouted")])
def test_an_event_under_no_key_or_anothers_is_a_dead_letter(key: bytes | None, reason: str) -> None:
    side = Side()
    (letter,) = out(side.send(view(1)._replace(key=key)), "dead-letters")
    assert header(letter, "reason") == reason
    assert side.rows == {}


def test_an_event_in_the_wrong_partition_is_a_dead_letter() -> None:
    side = Side(partitions=8)
    outcomes = [side.send(view(1)._replace(partition=partition)) for partition in range(8)]
    assert [len(out(outcome, "dead-letters")) for outcome in outcomes].count(0) == 1
    assert {header(letter, "reason") for outcome in outcomes for letter in out(outcome, "dead-letters")} == {"misrouted"}


def test_an_erased_user_leaves_a_hash_and_late_events_do_not_bring_the_person_back() -> None:
    side = Side()
    side.send(view(1), view(2))
    side.send(record("erasures", 0, user_id="u", ts=NOW + 100))
    assert b"u" not in side.rows
    assert find(side.rows.get, "u") == ErasedUser(NOW + 100, 1)
    late = side.send(view(50))
    assert (late.counts["erased"], len(lists(late))) == (1, 0)
    assert b"u" not in side.rows


def test_who_was_erased_cannot_be_tried_out_without_the_secret_of_the_partition() -> None:
    side, other = Side(), Side()
    for each in (side, other):
        each.send(record("erasures", 0, user_id="u", ts=NOW))
        assert find(each.rows.get, "u") == ErasedUser(NOW, 0)
    assert erased_key("u") not in side.rows
    assert side.rows.keys() & other.rows.keys() == {SECRET_KEY}


def test_a_mark_of_an_older_version_is_known_and_replaced_by_the_next_one() -> None:
    side = Side()
    side.rows.put(erased_key("u"), ErasedUser(NOW + 10, 4))
    assert side.send(view(5)).counts["erased"] == 1
    assert lists(side.send(view(20)))[0].seq == 5
    side.send(record("erasures", 0, user_id="u", ts=NOW + 30))
    assert erased_key("u") not in side.rows
    assert find(side.rows.get, "u") == ErasedUser(NOW + 30, 5)


def test_marks_expire_once_no_event_from_before_can_come_any_more() -> None:
    side = Side(erasure_mark_days=30)
    side.partition = 3
    side.send(record("erasures", 0, user_id="u", ts=NOW))
    for days, there in ((29, True), (31, False)):
        side.now = NOW + days * DAY
        assert side.users.waits(side.shard)
        side.users.tick(side.shard, side.now)
        assert not side.users.waits(side.shard)
        assert (find(side.rows.get, "u") is not None) is there


def test_an_erasure_that_is_sent_again_after_a_year_leaves_what_came_since() -> None:
    side = Side()
    erasure = record("erasures", 0, user_id="u", ts=NOW)
    side.send(erasure)
    side.send(buy(5))
    again = side.send(erasure._replace(offset=1, timestamp=NOW + 300 * DAY))
    assert again.counts["repeated"] == 1
    for key in [key for key in side.rows if key != b"u"]:
        side.rows.delete(key)  # the mark has expired
    side.rows[b"u"].not_before = 0
    side.send(erasure._replace(offset=2, timestamp=NOW + 300 * DAY))
    assert "i1" in side.rows[b"u"].bought


def test_an_erasure_dated_ahead_drops_no_event_of_the_hours_until_then() -> None:
    side = Side()
    side.send(view(1))
    side.send(record("erasures", 0, user_id="u", ts=NOW + DAY - 1)._replace(timestamp=NOW + 2))
    assert b"u" not in side.rows
    assert len(lists(side.send(view(3)))) == 1


def test_a_producer_whose_clock_is_ahead_does_not_save_a_row_from_its_erasure() -> None:
    side = Side()
    side.send(view(60_000)._replace(timestamp=NOW))
    side.send(record("erasures", 0, user_id="u", ts=NOW + 1))
    assert b"u" not in side.rows


def test_who_comes_back_after_an_erasure_is_new_but_their_lists_go_on_counting() -> None:
    side = Side()
    side.send(buy(1))
    side.send(record("erasures", 0, user_id="u", ts=NOW + 10))
    (made,) = lists(side.send(view(20, item_id="i3")))
    assert made.seq == 2
    assert side.rows[b"u"].bought == {}
    assert side.send(view(5)).counts["erased"] == 1


def test_triggers_that_wait_are_answered_before_an_erasure() -> None:
    side = Side(min_interval_ms=1000)
    side.send(view(1))
    side.send(view(2))
    (made,) = lists(side.send(record("erasures", 0, user_id="u", ts=NOW + 100)))
    assert [offset for _, _, offset in made.covers] == [2]
    assert b"u" not in side.rows


def test_a_stale_catalogue_marks_the_lists() -> None:
    assert lists(Side(stale=True).send(view(1)))[0].degraded == "stale-catalogue"


def test_a_list_that_comes_late_is_read_like_any_other() -> None:
    side = Side(model=WordModel(), cross_pairs_fixed=False)
    late = view(1)._replace(timestamp=NOW - 1_000_000)
    (made,) = lists(side.send(late))
    assert (made.degraded, made.model.depth, made.model.pairs) == (None, "pairs", 5)


def test_an_item_says_in_which_live_room_it_is() -> None:
    side = Side(candidates="live")
    side.catalogue.put_room(room("r2", ["i1", "i2"]))
    side.catalogue.put_room(room("r1", ["i1"]))
    (made,) = lists(side.send(view(1, room_id="r2")))
    assert {each.item_id: each.room_id for each in made.items} == {"i1": "r2", "i2": "r2"}
    assert made.room_id == "r2"


def test_the_list_carries_cloud_event_headers_and_the_trace() -> None:
    traced = view(1)._replace(headers=[("traceparent", TRACE)])
    (sent,) = out(Side().send(traced), "recommendations")
    headers = dict(sent.headers)
    assert headers["ce_id"] == b"streamrec.views-0-1"
    assert headers["traceparent"] == TRACE
    assert sent.key == b"u"


@pytest.mark.parametrize(
    "given", [None, b"", b"0" * 5_000_000, TRACE + b"0", TRACE.upper(), b"ff" + TRACE[2:], TRACE[:3] + b"0" * 32 + TRACE[35:]]
)
def test_a_trace_of_another_form_is_not_passed_on(given: bytes | None) -> None:
    (sent,) = out(Side().send(view(1)._replace(headers=[("traceparent", given)])), "recommendations")
    assert "traceparent" not in dict(sent.headers)


def test_a_ranking_that_fails_for_one_user_costs_that_user_one_empty_list(monkeypatch: pytest.MonkeyPatch) -> None:
    side = Side()
    begin = Ranker.begin

    def fragile(self: Ranker, asked: Any) -> Any:
        if 2.0 in asked.now % 10:
            raise RuntimeError("broken")
        return begin(self, asked)

    monkeypatch.setattr(Ranker, "begin", fragile)
    made = {each.user_id: each for each in lists(side.send(view(1, "a"), view(2, "b"), view(3, "c")))}
    assert (made["b"].items, made["b"].degraded) == ([], "ranking-failed")
    assert len(made["a"].items) == len(made["c"].items) == 5


@given(
    st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from(["view", "buy", "bad", "repeat"])), min_size=1, max_size=20),
    st.booleans(),
    st.integers(1, 6),
)
def test_every_trigger_is_covered_by_exactly_one_list_however_events_are_cut_into_batches(
    events: list[tuple[str, str]], coalesce: bool, size: int
) -> None:
    side = Side(coalesce=coalesce)
    records, triggers = [], set()
    for offset, (user, kind) in enumerate(events):
        if kind == "bad":
            records.append(view(offset, user)._replace(value=b"nonsense"))
        elif kind == "repeat" and any(known == (user, "repeat") for known in events[:offset]):
            records.append(view(offset, user, event_id="same"))
        else:
            records.append(view(offset, user, event_id="same" if kind == "repeat" else None))
            triggers.add(offset)
    covered = []
    for begin in range(0, len(records), size):
        for made in lists(side.send(*records[begin : begin + size])):
            covered += [offset for _, _, offset in made.covers]
    assert sorted(covered) == sorted(triggers)
