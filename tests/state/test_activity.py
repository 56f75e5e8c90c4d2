"""An account's first days are known whatever the order in which its events come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.activity import Activity
from streamrec.state.user import UserRow, activity
from tests.shop import DAY, NOW, purchase
from tests.state.test_apply import row_after

DAYS = st.lists(st.integers(19_000, 19_020), min_size=1, max_size=12)


def after(days: list[int]) -> Activity:
    made = Activity(days[0])
    for day in days:
        made.note(day, 1)
    return made


@given(DAYS, st.integers(18_990, 19_030))
def test_earlier_days_are_counted_up_to_two_in_any_order(days: list[int], today: int) -> None:
    assert after(days).before(today) == min(2, len({day for day in days if day < today}))


@given(DAYS)
def test_what_was_said_on_the_newest_day_is_known_and_a_new_day_begins_with_nothing(days: list[int]) -> None:
    made, newest = after(sorted(days)), max(days)
    assert made.told_on(newest) == days.count(newest)
    assert made.told_on(newest + 1) == 0


def test_a_row_of_before_tells_its_days_by_its_items() -> None:
    row = row_after([purchase("u", "a", NOW - 9 * DAY), purchase("u", "b", NOW - 3 * DAY)])
    row.activity = None
    known = activity(row)
    assert known is not None
    assert [known.before(day) for day in ((NOW - 9 * DAY) // DAY, (NOW - 3 * DAY) // DAY, NOW // DAY)] == [0, 1, 2]
    assert activity(UserRow()) is None
