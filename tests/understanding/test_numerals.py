"""Chinese numerals of any size are read, and what is no single number is none."""

from __future__ import annotations

import pytest

from streamrec.understanding.numerals import amounts, whole

READ = {
    "十": 10, "二十一": 21, "一百零三": 103, "一百二": 120, "廿三": 23, "二〇三": 203, "两千": 2000, "一万三": 13_000, "一万零三": 10_003,
    "十二万三千": 123_000, "三亿": 300_000_000, "三亿五千万": 350_000_000, "拾贰": 12, "042": 42,
}  # fmt: skip


@pytest.mark.parametrize(("numeral", "number"), READ.items())
def test_numerals_are_read(numeral: str, number: int) -> None:
    assert whole(numeral) == number


@pytest.mark.parametrize("numeral", ["三四", "十二三", "百", "万", "万亿", "一亿三亿", "件"])
def test_what_is_no_single_number_is_none(numeral: str) -> None:
    assert whole(numeral) is None


def test_amounts_are_read_in_digits_and_in_chinese() -> None:
    assert amounts("今天给到三百九十九 平时459") == {399.0, 459.0}
    assert amounts("三十九块九") == {39.9}
    assert amounts("两件") == set()
