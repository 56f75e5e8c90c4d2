"""Numbers as hosts say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.spoken import MONEY, spoken


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("原价一百二十九", [129]),
        ("一二九", [129]),
        ("四十五块九 今天三十五块九毛", [45.9, 35.9]),
        ("两千九百克将近六斤", [2900, 6]),
        ("一点六公分", [1.6]),
        ("九十九九十九", [99, 99]),
        ("四百五十九三百九十九", [459, 399]),
        ("一百二", [120]),
        ("两万毫安", [20_000]),
        ("39块9 129块 $19.99", [39.9, 129, 19.99]),
        ("一米八的床", [1.8]),
        ("我有两个", [2]),
        ("twenty four ninety nine today nineteen", [24.99, 19]),
        ("nineteen dollars and ninety nine cents", [19.99]),
        ("nineteen nineteen dollars", [19, 19]),
        ("one hundred ten thousand rpm", [110_000]),
        ("nine nine nine fine silver", [999]),
        ("two for forty eight", [2, 48]),
        ("two point five hours", [2.5]),
        ("twenty five hundred", [2500]),
        ("1,299 dollars", [1299]),
    ],
)
def test_a_number_is_read_as_it_is_said(text: str, values: list[float]) -> None:
    assert [number.values[0] for number in spoken(text)] == values


@pytest.mark.parametrize("text", ["耐泡七八道", "三四天", "lovely cups", "somebody weighs often", "没有数"])
def test_what_is_no_single_number_is_none(text: str) -> None:
    assert spoken(text) == []


def test_a_price_may_be_read_in_two_ways() -> None:
    assert spoken("nineteen ninety nine")[0].values == (19.99, 1999)
    assert spoken("one twenty nine")[0].values == (129, 1.29)


def test_units_of_one_kind_are_comparable() -> None:
    assert spoken("1.6公分")[0].amounts() == spoken("16毫米")[0].amounts()
    assert spoken("三斤")[0].amounts() == spoken("1.5kg")[0].amounts()
    assert [number.kind for number in spoken("99块 99cm 99")] == [MONEY, "mm", ""]


@given(st.integers(1, 99_999))
def test_every_whole_number_in_chinese_is_read_back(number: int) -> None:
    assert [each.values[0] for each in spoken(f"卖{in_chinese(number)}元")] == [number]


@given(st.text("零一二两三四五六七八九十百千万点块元毛0123456789. abtwenty one hundred point and", max_size=40))
def test_any_text_is_read_and_places_lie_in_it_in_order(text: str) -> None:
    found = spoken(text)
    places = [place for number in found for place in (number.start, number.end)]
    assert places == sorted(places)
    assert all(number.start < number.end <= len(text) and number.values for number in found)


def in_chinese(number: int) -> str:
    """A whole number below a hundred thousand, as it is said in full."""
    if number >= 10_000:
        rest = number % 10_000
        return in_chinese(number // 10_000) + "万" + ("零" if 0 < rest < 1000 else "") + (in_chinese(rest) if rest else "")
    said, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if gap and said else "") + "零一二三四五六七八九"[digit] + name
        gap = not digit
    return said
