"""What an event says about items, and what was taken just before."""

from __future__ import annotations

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.state.apply import apply
from streamrec.state.before import BEFORE, just_before
from streamrec.state.meant import NOTHING, Meant
from streamrec.state.signals import signals
from streamrec.state.user import UserRow
from tests.shop import DAY, NOW, purchase, view


def test_a_purchase_names_the_items_before_it_and_never_itself() -> None:
    row = UserRow()
    for number in range(30):
        apply(row, purchase("u", f"b{number}", NOW))
    ((item_id, signal),) = signals(row, purchase("u", "b29", NOW), NOTHING, ("purchases", 3, 17))
    assert (item_id, signal.kind, signal.topic, signal.partition, signal.offset, signal.index) == ("b29", "purchase", "purchases", 3, 17, 0)
    assert [other for other, _ in signal.before] == [f"b{number}" for number in range(28, 28 - BEFORE, -1)]


def test_what_lies_further_back_weighs_less() -> None:
    row = UserRow()
    apply(row, purchase("u", "old", NOW - 60 * DAY))
    apply(row, purchase("u", "fresh", NOW))
    weights = dict(just_before(row, "x", NOW))
    assert weights["fresh"] == 1.0
    assert weights["old"] == 0.25


def test_what_was_only_looked_at_weighs_less_than_what_was_bought() -> None:
    row = UserRow()
    apply(row, view("u", "seen", NOW))
    apply(row, purchase("u", "bought", NOW))
    weights = dict(just_before(row, "x", NOW))
    assert 0 < weights["seen"] < weights["bought"]


def test_each_item_that_a_danmaku_names_gets_a_signal_of_its_own_index() -> None:
    said = Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text="a or b?")
    found = signals(UserRow(), said, Meant(items=[("a", 0.5), ("b", 1.0)]), ("danmaku", 0, 1))
    said_of = [(item, signal.kind, signal.amount, signal.index) for item, signal in found]
    assert said_of == [("a", "mention", 0.5, 0), ("b", "mention", 1.0, 1)]


def test_a_refund_is_counted_and_links_nothing() -> None:
    ((_, signal),) = signals(UserRow(), purchase("u", "a", action="refund"), NOTHING, ("purchases", 0, 0))
    assert (signal.kind, signal.before) == ("refund", [])


def test_a_purchase_follows_the_basket_before_and_not_its_own() -> None:
    row = UserRow()
    for name, ts in [("older", NOW - 9 * DAY), ("left", NOW - DAY), ("right", NOW - DAY + 1000), ("same", NOW - 1000)]:
        apply(row, purchase("u", name, ts, country="France"))
    ((_, signal),) = signals(row, purchase("u", "same", NOW, country="France"), NOTHING, ("purchases", 0, 1))
    assert signal.led == ["right", "left"]
    assert (signal.again, signal.country, row.country) == (True, "France", "France")
    ((_, first),) = signals(UserRow(), purchase("u", "a", NOW), NOTHING, ("purchases", 0, 1))
    assert (first.led, first.again, first.country) == ([], False, "")


def test_a_signal_says_how_well_the_account_is_known() -> None:
    row = UserRow()
    known = []
    for day in range(3):
        known.append(signals(row, purchase("u", "target", NOW + day * DAY), NOTHING, ("purchases", 0, day))[0][1].standing)
        for number in range(6):
            apply(row, purchase("u", f"b{number}", NOW + day * DAY))
    assert known == [0.0, 0.5, 1.0]


def test_what_was_said_before_counts_less_when_it_is_said_again() -> None:
    row = UserRow()
    amounts = []
    for number in range(3):
        amounts.append(signals(row, view("u", "a", NOW + number), NOTHING, ("views", 0, number))[0][1].amount)
        apply(row, view("u", "a", NOW + number))
    assert amounts[0] == 1.0
    assert amounts[2] < amounts[1] < 0.6
