"""Numbers in words. Those of Chinese are read here: 二十一, 一百零三, 一百二 (120), 廿三, 二〇三, 一万三 (13,000), 三亿."""

from __future__ import annotations

import unicodedata

import regex

CHARACTERS = r"[\p{Han}&&\p{Numeric_Type=Numeric}]"
"""For a pattern of `regex` with (?V1): a character that writes a number."""
_AMOUNT = regex.compile(
    rf"(?V1)(?<![\d.])(?:(?P<digits>\d{{1,9}}(?:\.\d+)?)|(?P<numeral>{CHARACTERS}+))(?:[块点](?P<rest>{CHARACTERS}|\d(?!\d)))?"
)
_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
ENGLISH = {word: value for value, word in enumerate(_BELOW_TWENTY.split())} | {
    word: 10 * tens for tens, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)
}
"""The English words of numbers below a hundred that are one word, with their values."""
SCALES = {"hundred": 100, "thousand": 1000}
"""Those that multiply what stands before them."""
_OTHER_TWOS = "两兩俩倆"
"""Characters for two of which not every version of Unicode says so."""
_MYRIADS = 10_000.0, 100_000_000.0


def whole(numeral: str) -> int | None:
    """The value of a numeral in digits or in Chinese; None for 三四 (three or four) and whatever else is not a single number."""
    if numeral.isdecimal():
        return int(numeral)
    values = [2.0 if sign in _OTHER_TWOS else unicodedata.numeric(sign, -1.0) for sign in numeral]
    if not values or min(values) < 0:
        return None
    if max(values) < 10 and len(values) > 1:
        # Digit by digit, as in 二〇三.
        return int("".join(f"{value:.0f}" for value in values)) if 0.0 in values else None
    return _grouped(values)


def _grouped(values: list[float]) -> int | None:
    """The number of groups below ten thousand with 万 and 亿 behind them."""
    total, begin, last = 0, 0, None
    for place, value in enumerate(values):
        if value in _MYRIADS:
            group = _compound([int(each) for each in values[begin:place]])
            if not group or (last is not None and value >= last):
                return None
            total, begin, last = total + group * int(value), place + 1, value
        elif value > 1000:
            return None
    rest = [int(each) for each in values[begin:]]
    if not rest:
        return total
    if last is not None and len(rest) == 1:
        return total + rest[0] * int(last // 10) if 0 < rest[0] < 10 else None
    group = _compound(rest)
    return None if group is None else total + group


def _compound(values: list[int]) -> int | None:
    """The number that digits and units below ten thousand spell; None where they spell none."""
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


def amounts(text: str) -> set[float]:
    """The numbers from ten on that a normalised text writes in digits or in Chinese (三十九块九 is 39.9)."""
    found: set[float] = set()
    for match in _AMOUNT.finditer(text):
        number = float(match["digits"]) if match["digits"] else float(whole(match["numeral"]) or 0)
        if match["rest"] and (tenths := whole(match["rest"])) is not None and tenths < 10:
            number += tenths / 10
        if number >= 10:
            found.add(number)
    return found
