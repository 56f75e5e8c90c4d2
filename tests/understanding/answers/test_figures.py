from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.answers.figures import in_digits, numbers


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("平时一百二十九 今天九十九", "平时129 今天99"),
        ("三十五块九", "35.9块"),
        ("一点六公分厚", "1.6公分厚"),
        ("一米八的床", "1.8米的床"),
        ("百分之五十", "50%"),
        ("八点三十分开播", "八点30分开播"),
        ("二百六十八两罐", "268 2罐"),
        ("两万毫安", "20000毫安"),
        ("六个小时还有六十五度", "6个小时还有65度"),
        ("三百四十五一件", "345 一件"),
        ("it's twelve hundred watts", "it's 1200 watts"),
        ("one hundred and ten thousand rpm", "110000 rpm"),
    ],
)
def test_spoken_numbers_are_written_in_digits(said: str, digits: str) -> None:
    assert in_digits(said) == digits


@pytest.mark.parametrize(
    "said", ["千万别拍", "万一坏了", "一起拍", "看一下", "慢一点三四天", "第一次", "七八个", "two fifty", "one of them"]
)
def test_what_may_be_no_number_stays(said: str) -> None:
    assert in_digits(said) == said


def test_dollars_and_cents_are_joined_beside_a_price_of_that_size_only() -> None:
    assert in_digits("twenty four ninety nine today", 24.99) == "24.99 today"
    assert in_digits("today nineteen nineteen dollars", 24.99) == "today 19 19 dollars"
    assert in_digits("twenty four ninety nine", None) == "24 99"
    assert in_digits("today twenty two twenty two ninety", 29.9) == "today 22 22.90"


SIGNS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """A number from 10 to 9999 in Chinese."""
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if gap and text else "") + SIGNS[digit] + name
            gap = False
        else:
            gap = True
    return text


@given(st.integers(10, 9999))
def test_every_chinese_number_is_read(number: int) -> None:
    assert numbers(in_digits(f"今天{chinese(number)} 拍它")) == [number]
