"""Shelf positions that a text names: "number 3", "#3", "3号", "第十五款", "链接 12"."""

from __future__ import annotations

import unicodedata

import regex

# A fraction, a part of a longer number or of a name (B3号), or the day of a date (3月12号) is no position.
_ALONE = r"(?<![a-z\d/\u2044]|\d[.,]|[[\p{Han}&&\p{Numeric_Type=Numeric}]月])"
_END = r"(?![a-z\d%]|[.,]\d)"
_CHINESE = r"[\p{Han}&&\p{Numeric_Type=Numeric}]+"
_NUMBER = rf"(\d{{1,4}}|{_CHINESE})"
_LINK = "链接|鏈接|連結|連接"
_POSITION = regex.compile(
    rf"(?V1)(?:#|(?<![a-z])(?:no\.?|number|nr\.?|link|item))\s*(\d{{1,4}}){_END}"
    # A shade, a line, a house, the size of a battery.
    rf"|{_ALONE}{_NUMBER}\s*[号號](?!色|线|線|楼|樓|电池|電池)"
    rf"|第\s*{_NUMBER}\s*[款件个個样樣]"
    rf"|{_ALONE}(\d{{1,4}})\s*(?:{_LINK})"
    rf"|(?:{_LINK}|号码|號碼|编号|編號)\s*:?\s*(?:(\d{{1,4}}){_END}|({_CHINESE})(?!\p{{Han}}))"
)
_OTHER_TWOS = "两兩俩倆"
"""Characters for two of which not every version of Unicode says so."""


def positions(folded: str) -> list[int]:
    """The shelf positions that a folded text names, from 1."""
    numbers = (_number(next(group for group in match.groups() if group is not None)) for match in _POSITION.finditer(folded))
    return [number for number in numbers if number]


def _number(numeral: str) -> int | None:
    """The value of a numeral in digits or in Chinese; None for 三四 (three or four) and whatever else is not a single number."""
    if numeral.isdecimal():
        return int(numeral)
    values = [2.0 if sign in _OTHER_TWOS else unicodedata.numeric(sign, -1.0) for sign in numeral]
    if min(values) < 0 or max(values) > 1000:
        return None
    if max(values) < 10 and len(values) > 1:
        # Digit by digit, as in 二〇三.
        return int("".join(f"{value:.0f}" for value in values)) if 0.0 in values else None
    return _compound([int(value) for value in values])


def _compound(values: list[int]) -> int | None:
    """The number that digits and units spell: 二十一, 一百零三, 一百二 (120), 廿三; None where they spell none."""
    total, digit, zero, last = 0, None, False, 10_000
    for value in values:
        if value == 0:
            zero = True
        elif value < 10:
            if digit is not None:
                return None
            digit = value
        elif value >= last or (value > 10 and value in (100, 1000) and digit is None) or (10 < value < 100 and digit is not None):
            return None
        else:
            total += value if 10 < value < 100 else value * (digit or 1)
            digit, zero, last = None, False, 10 if value < 100 else value
    if digit is not None:
        total += digit * (last // 10 if 10 < last < 10_000 and not zero else 1)
    return total
