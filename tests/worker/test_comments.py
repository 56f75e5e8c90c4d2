"""Comments are read in the batch in which they come: what they mean moves their viewer's row and goes to whoever reads insights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from streamrec.contract.processor import Outcome
from streamrec.events.speech import Insight
from streamrec.state.room import Order
from streamrec.state.user import UserRow
from streamrec.understanding.reader import Judged, Reader
from streamrec.worker.comments import Comments
from tests.shop import NOW, Record, record, room
from tests.worker.user_side import Side, lists, out


def comment(offset: int, text: str, user: str = "u", **fields: Any) -> Record:
    return record("danmaku", offset, user_id=user, room_id="r", ts=NOW + offset, text=text, **fields)


def insights(outcome: Outcome) -> list[Insight]:
    return [msgspec.json.decode(each.value or b"", type=Insight) for each in out(outcome, "danmaku-insights")]


@pytest.fixture
def side() -> Side:
    made = Side()
    made.catalogue.put_room(room("r", ["i0", "i1", "i2", "i3", "i4"], on_air="i2"))
    return made


def test_an_insight_says_what_a_comment_means_and_from_which_record_it_is(side: Side) -> None:
    (insight,) = insights(side.send(comment(7, "3号多少钱", event_id="e7")))
    assert (insight.room_id, insight.user_id, insight.event_id, insight.source) == ("r", "u", "e7", ("danmaku", 0, 7))
    assert [(one.item_id, one.ref) for one in insight.items] == [("i2", "position")]
    assert insight.lang == "zh"


def test_insights_are_keyed_by_the_room_so_that_all_of_a_room_are_in_order(side: Side) -> None:
    sent = out(side.send(comment(1, "hi", "u1"), comment(2, "hello", "u2")), "danmaku-insights")
    assert [each.key for each in sent] == [b"r", b"r"]


def test_the_list_of_the_same_batch_knows_what_the_comment_meant(side: Side) -> None:
    (made,) = lists(side.send(comment(1, "number 4 please", lang="en")))
    assert made.items[0].item_id == "i3"


def test_a_comment_that_comes_again_is_told_once(side: Side) -> None:
    first = comment(1, "3号多少钱", event_id="e")
    assert len(insights(side.send(first))) == 1
    assert insights(side.send(comment(2, "3号多少钱", event_id="e"))) == []


def test_a_purchase_in_a_room_is_told_to_the_room_and_a_refund_is_not(side: Side) -> None:
    bought = {"user_id": "u", "item_id": "i1", "room_id": "r", "price": 5, "currency": "GBP"}
    outcome = side.send(record("purchases", 3, ts=NOW + 3, **bought), record("purchases", 4, ts=NOW + 4, action="refund", **bought))
    orders = [msgspec.json.decode(each.value or b"", type=Order) for each in out(outcome, "room-orders")]
    assert orders == [Order("i1", NOW + 3, ("purchases", 0, 3))]


def test_a_model_that_fails_costs_no_list_and_no_mention(side: Side, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Reader):
        def judge(self, texts: Sequence[str], told: Sequence[str | None]) -> list[Judged]:
            raise RuntimeError("out of memory")

    side.users.side.comments = Comments(side.catalogue, Broken())
    outcome = side.send(comment(1, "3号多少钱"), comment(2, "4号呢", "other"))
    assert len(lists(outcome)) == 2
    assert [one.items[0].item_id for one in insights(outcome)] == ["i2", "i3"]
    assert caplog.text.count("the model that reads comments failed") == 1


def test_bad_records_among_comments_leave_each_comment_its_own_meaning(side: Side) -> None:
    broken = comment(2, "x")._replace(value=b"{")
    outcome = side.send(comment(1, "1号", "a"), broken, comment(3, "5号", "b"))
    assert [(one.user_id, one.items[0].item_id) for one in insights(outcome)] == [("a", "i0"), ("b", "i4")]
    assert outcome.counts["dead_letter"] == 1


def test_who_writes_of_nothing_wants_nothing(side: Side) -> None:
    side.send(comment(1, "晚上好"))
    row = side.rows[b"u"]
    assert isinstance(row, UserRow)
    assert row.named == {}
