"""Events change a user's row: bounded, decayed, the same for every order of arrival."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku, Feedback
from streamrec.state.apply import GLANCE_MS, GUESS, apply, show
from streamrec.state.user import BOUGHT, HIDDEN, SEEN, SHOWN_HALF_LIFE, UserRow
from tests.shop import DAY, NOW, impression, purchase, view

ITEMS = st.sampled_from([f"i{number}" for number in range(6)])
TIMES = st.integers(NOW - 90 * DAY, NOW)
EVENTS = st.lists(
    st.one_of(
        st.builds(view, st.just("u"), ITEMS, TIMES, room_id=st.sampled_from([None, "r1", "r2"])),
        st.builds(purchase, st.just("u"), ITEMS, TIMES),
        st.builds(
            lambda item, ts, action: Feedback(user_id="u", list_id="l", item_id=item, action=action, ts=EventTime(ts)),
            ITEMS,
            TIMES,
            st.sampled_from(["impression", "click", "cart", "hide", "complaint", "purchase"]),
        ),
        st.builds(lambda ts, text: Danmaku(user_id="u", room_id="r", ts=EventTime(ts), text=text), TIMES, st.sampled_from(["hi", "红色"])),
    ),
    max_size=25,
)


def row_after(events: list[object]) -> UserRow:
    row = UserRow()
    for event in events:
        apply(row, event)  # type: ignore[arg-type]
    return row


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_row_is_the_same_for_every_order_of_arrival(events: list[object], random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = row_after(events), row_after(shuffled)
    assert (one.room_id, one.room_ts, one.hidden, one.said) == (other.room_id, other.room_ts, other.hidden, other.said)
    for name in ("bought", "seen", "named", "shown"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert {item: entry.ts for item, entry in mine.items()} == {item: entry.ts for item, entry in theirs.items()}
        for item, entry in mine.items():
            assert entry.count == pytest.approx(theirs[item].count)


def test_a_row_stays_bounded_however_much_a_user_does() -> None:
    row = UserRow()
    for number in range(1000):
        apply(row, purchase("u", f"b{number}", NOW + number))
        apply(row, view("u", f"v{number}", NOW + number))
        apply(row, Feedback(user_id="u", list_id="l", item_id=f"h{number}", action="hide", ts=EventTime(NOW + number)))
    assert (len(row.bought), len(row.seen), len(row.hidden)) == (BOUGHT, SEEN, HIDDEN)
    assert "b999" in row.bought
    assert "b0" not in row.bought


def test_a_refund_takes_one_purchase_back() -> None:
    row = row_after([purchase("u", "a"), purchase("u", "a"), purchase("u", "a", action="refund")])
    assert row.bought["a"].count == pytest.approx(1.0)
    apply(row, purchase("u", "a", action="refund"))
    assert "a" not in row.bought


def test_a_refund_of_what_was_never_bought_changes_nothing() -> None:
    assert row_after([purchase("u", "a", action="refund")]) == UserRow()


def test_a_list_that_was_sent_is_remembered_and_seen_only_as_far_as_it_is_visible() -> None:
    row = UserRow()
    show(row, [], NOW)
    assert (row.seq, row.listed_ts, row.shown) == (1, NOW, {})
    show(row, ["a", "b"], NOW)
    assert {item_id: entry.count for item_id, entry in row.shown.items()} == {"a": GUESS, "b": GUESS}


def test_lists_at_every_comment_are_seen_once_in_ten_minutes() -> None:
    row = UserRow()
    for second in range(1200):
        show(row, ["a"], NOW + 1000 * second)
        assert row.shown["a"].ts == NOW + second // 600 * GLANCE_MS
    assert row.seq == 1200
    show(row, ["b"], NOW - DAY)
    assert list(row.shown) == ["a"], "the list of a late event is made when the others are"


def test_lists_say_no_more_than_half_a_look_however_many_hold_an_item() -> None:
    row = UserRow()
    for hour in range(40):
        show(row, ["a"], NOW + hour * DAY // 96)
        assert row.shown["a"].count == pytest.approx(GUESS)
    apply(row, impression("u", "b"))
    apply(row, impression("u", "b"))
    show(row, ["b"], NOW + DAY)
    assert row.shown["b"].at(NOW + DAY, SHOWN_HALF_LIFE) == pytest.approx(GUESS)


def test_an_impression_counts_whenever_the_last_one_was() -> None:
    assert row_after([impression("u", "a") for _ in range(3)]).shown["a"].count == 3.0


def test_the_purchase_that_feedback_reports_is_not_counted_beside_the_purchase_itself() -> None:
    row = row_after([Feedback(user_id="u", list_id="l", item_id="a", action="purchase", ts=EventTime(NOW))])
    assert row.bought == {}
