"""Leap seconds are written by clocks that follow them: second 60 is the first of the next minute."""

from __future__ import annotations

import pytest

from streamrec.events.times import EventTimeError, parse_time

NEW_YEAR = 1_483_228_800_000
"""2017-01-01T00:00:00Z, before which the last leap second was."""


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2016-12-31T23:59:60Z", NEW_YEAR),
        ("2016-12-31T23:59:60.250Z", NEW_YEAR + 250),
        ("2017-01-01T05:29:60+05:30", NEW_YEAR),
        ("2016-12-31t18:59:60-05:00", NEW_YEAR),
        ("2016-12-31T23:59:59.999Z", NEW_YEAR - 1),
    ],
)
def test_a_leap_second_is_the_moment_after_it(text: str, ms: int) -> None:
    assert parse_time(text) == ms


@pytest.mark.parametrize(
    "text",
    ["2016-12-31T12:00:60Z", "2016-12-31T23:58:60Z", "2016-12-31T23:59:61Z", "2016-12-31T23:59:60", "9999-12-31T23:59:60-05:00", "60" * 10],
)
def test_second_60_is_refused_elsewhere(text: str) -> None:
    with pytest.raises(EventTimeError):
        parse_time(text)
