"""An event id counts once: within the last 64, or within 24 hours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamrec.state.repeats import LAST, MOST, SIZE, is_repeat, remember
from tests.shop import DAY, NOW


def test_an_id_is_known_as_long_as_it_is_among_the_last_64_however_old() -> None:
    known = remember(b"", "first", NOW)
    for number in range(LAST - 1):
        known = remember(known, f"e{number}", NOW + 300 * DAY)
    assert is_repeat(known, "first")
    assert not is_repeat(remember(known, "one more", NOW + 300 * DAY), "first")


def test_an_id_of_the_last_24_hours_is_known_behind_more_than_64_others() -> None:
    known = remember(b"", "first", NOW)
    for number in range(500):
        known = remember(known, f"e{number}", NOW + DAY - 2000)
    assert is_repeat(known, "first")
    assert not is_repeat(remember(known, "next day", NOW + DAY + 1000), "first")


def test_no_more_than_1024_ids_are_kept() -> None:
    known = b""
    for number in range(MOST + 50):
        known = remember(known, f"e{number}", NOW)
    assert len(known) == MOST * SIZE


@given(st.lists(st.text(min_size=1, max_size=5), max_size=60, unique=True), st.text(min_size=1, max_size=5))
def test_only_ids_that_were_seen_are_repeats(seen: list[str], other: str) -> None:
    known = b""
    for event_id in seen:
        known = remember(known, event_id, NOW)
    assert all(is_repeat(known, event_id) for event_id in seen)
    assert is_repeat(known, other) == (other in seen)
