"""What one account says of one item is bounded, and who buys as customers do is heard in full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku, Feedback, Purchase, View
from streamrec.ranking.features.about import BELIEVED
from streamrec.state.apply import apply
from streamrec.state.decay import fading
from streamrec.state.meant import NOTHING, Meant
from streamrec.state.signals import signals
from streamrec.state.standing import LOUD, standing, weight
from streamrec.state.user import BOUGHT, SEEN, UserRow
from tests.shop import DAY, NOW, purchase, view

HOUR = DAY // 24


def said(row: UserRow, event: View | Purchase | Feedback | Danmaku) -> float:
    """What the event counts for its item; the row changes by it."""
    meant = Meant(items=[("a", 1.0)]) if isinstance(event, Danmaku) else NOTHING
    amount = signals(row, event, meant, ("topic", 0, 0))[0][1].amount
    apply(row, event, meant)
    return amount


def feedback(action: str, ts: int) -> Feedback:
    return Feedback(user_id="u", list_id="l", item_id="a", action=action, ts=EventTime(ts))  # type: ignore[arg-type]


def written(ts: int) -> Danmaku:
    return Danmaku(user_id="u", room_id="r", ts=EventTime(ts), text="a!")


def test_the_first_word_counts_in_full_and_a_thousandth_next_to_nothing() -> None:
    for event, most in ((lambda ts: view("u", "a", ts), 2.0), (lambda ts: purchase("u", "a", ts), 4.0), (written, 2.0)):
        row = UserRow()
        amounts = [said(row, event(NOW + number)) for number in range(1000)]
        assert amounts[0] == 1.0
        assert amounts[-1] < 0.01
        assert sum(amounts) == pytest.approx(most, abs=0.05)


@pytest.mark.parametrize(("action", "most"), [("click", 2.0), ("impression", 4.8)])
def test_feedback_of_one_account_is_bounded_too(action: str, most: float) -> None:
    row = UserRow()
    assert sum(said(row, feedback(action, NOW + number)) for number in range(500)) < most + 0.05


@given(st.lists(st.integers(1, 5 * DAY), min_size=1, max_size=200))
def test_however_one_account_spreads_its_views_they_are_bounded_in_time(pauses: list[int]) -> None:
    row, ts, total = UserRow(), NOW, 0.0
    for pause in pauses:
        ts += pause
        total += said(row, view("u", "a", ts))
    # Two at once, and what pauses bring back: at most ln 2 a day, and no more than one for each view.
    assert total <= 2.0 + 0.7 * (ts - NOW) / DAY + 1e-9


def test_one_account_cannot_make_a_crowd_in_a_month() -> None:
    row, appeal = UserRow(), 0.0
    for hour in range(30 * 24):
        ts = NOW + hour * HOUR
        amount = said(row, purchase("u", "a", ts)) + 0.1 * said(row, view("u", "a", ts))
        appeal += amount * fading(NOW + 30 * DAY - ts, 30 * DAY)
    assert appeal < BELIEVED


def test_who_buys_the_same_again_after_a_while_is_heard_in_full() -> None:
    row = UserRow()
    assert [said(row, purchase("u", "a", NOW + number * DAY)) for number in range(3)] == [1.0, 1.0, 1.0]
    assert all(said(row, purchase("u", "a", NOW + (40 + 30 * month) * DAY)) > 0.9 for month in range(12))


def test_buying_and_giving_back_in_turn_does_not_begin_anew() -> None:
    row, total = UserRow(), 0.0
    for number in range(1000):
        total += said(row, purchase("u", "a", NOW + 2 * number))
        apply(row, purchase("u", "a", NOW + 2 * number + 1, action="refund"))
    assert total < 6


@pytest.mark.parametrize("make", [view, purchase])
def test_an_account_that_is_made_to_forget_its_target_is_too_loud_to_be_heard(make: type[View]) -> None:
    row, total, ts = UserRow(), 0.0, NOW
    for cycle in range(50):
        total += said(row, make("u", "a", ts))  # type: ignore[call-arg, arg-type]
        for other in range(SEEN + BOUGHT + 1):
            ts += 1
            apply(row, make("u", f"{cycle}-{other}", ts))  # type: ignore[call-arg, arg-type]
    assert total < 6


def test_a_customer_with_a_long_shopping_list_is_heard_in_full() -> None:
    row = UserRow()
    assert all(said(row, purchase("u", f"i{number}", NOW + number)) == 1.0 for number in range(LOUD))
    assert said(row, purchase("u", "one more", NOW + LOUD)) < 1.0


def test_standing_comes_with_days_and_with_other_items() -> None:
    row = UserRow()
    assert standing(row, "a", NOW) == 0.0
    for number in range(8):
        apply(row, purchase("u", f"i{number}", NOW - DAY))
    assert standing(row, "a", NOW - DAY) == 0.0
    assert standing(row, "a", NOW) == 0.5
    apply(row, view("u", "i0", NOW))
    assert standing(row, "a", NOW + DAY) == 1.0


def test_who_knows_one_item_only_has_no_standing_however_long() -> None:
    row = UserRow()
    for number in range(60):
        apply(row, view("u", "a", NOW + number * DAY))
        apply(row, purchase("u", "a", NOW + number * DAY))
    assert standing(row, "a", NOW + 60 * DAY) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 90 * DAY), st.booleans()), max_size=40), st.sampled_from("abc"))
def test_weight_and_standing_are_shares(events: list[tuple[str, int, bool]], item_id: str) -> None:
    row = UserRow()
    for name, ts, bought in events:
        apply(row, purchase("u", name, NOW + ts) if bought else view("u", name, NOW + ts))
    for kind in ("view", "purchase", "refund", "mention", "impression", "click"):
        assert 0 < weight(row, kind, item_id, NOW + 45 * DAY) <= 1
    assert 0 <= standing(row, item_id, NOW + 45 * DAY) <= 1
