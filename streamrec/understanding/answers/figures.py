"""Numbers that are spoken, in digits: 一百二十九 is 129, 三十五块九 35.9块, "twenty four ninety nine" 24.99 beside a price of that size."""

from __future__ import annotations

from functools import cache

import regex

from streamrec.understanding.answers.languages import LANGUAGES, words
from streamrec.understanding.numerals import CHARACTERS, ENGLISH, SCALES, whole

_DIGIT = "[零〇一二三四五六七八九]"
# A number begins with a digit, 两 or 十: 千万 and 万一 are words.
_NUMERAL = r"(?:[一二三四五六七八九十两廿卅](?:[零〇一二三四五六七八九十百千万亿]|两(?=[百千万]))*)"
_PERCENT = regex.compile(rf"百分之({_NUMERAL})")
_DECIMAL = regex.compile(rf"({_NUMERAL})点({_DIGIT}+)(?![十{_DIGIT[1:-1]}])(?=(\p{{Han}}|[a-z])|$)")
_CHANGE = regex.compile(rf"({_NUMERAL})([块米])({_DIGIT})(?![{CHARACTERS}块折个])", regex.V1)
_LONE = regex.compile(rf"(?<!第){_NUMERAL}")
_HAN_DIGIT = regex.compile(rf"(?V1){CHARACTERS}")
_SPOKEN = regex.compile(rf"(?i)\b(?:{'|'.join((*ENGLISH, *SCALES))})(?:[ -](?:and )?(?:{'|'.join((*ENGLISH, *SCALES))}))*\b")
_ROUGH = {"零一二三四五六七八九"[at : at + 2] for at in range(1, 9)}
"""慢一点三四天 says three or four."""
_PRICES = 0.2, 1.5
"""A spoken number is taken for dollars and cents if that is within these shares of the listed price."""
_NUMBER = regex.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


def numbers(text: str) -> list[float]:
    """The values of all numbers that a text writes in digits."""
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text)]


def in_digits(text: str, price: float | None = None) -> str:
    """The text with spoken numbers in digits. What may be something else (一下, 千万别, four fifty) stays as it is.

    `price` is the listed price of the item that is spoken of.
    """
    if not text.isascii():
        text = _PERCENT.sub(lambda match: f"{whole(match[1])}%" if whole(match[1]) is not None else match[0], text)
        text = _DECIMAL.sub(_with_point, text)
        text = _CHANGE.sub(_with_change, text)
        text = _LONE.sub(_lone, text)
    return str(_SPOKEN.sub(lambda match: _english(match[0], price), text))


def _with_point(match: regex.Match[str]) -> str:
    before = whole(match[1])
    # 八点三十 is a time of day; a decimal says its unit.
    if before is None or (match[3] or " ") in "分半钟到" or match[2] in _ROUGH:
        return str(match[0])
    return f"{before}.{''.join(str(_digit(sign)) for sign in match[2])}"


def _with_change(match: regex.Match[str]) -> str:
    whole_part = whole(match[1])
    return str(match[0]) if whole_part is None else f"{whole_part}.{_digit(match[3])}{match[2]}"


def _lone(match: regex.Match[str]) -> str:
    numeral, after = match[0], match.string[match.end() : match.end() + 2]
    if len(numeral) == 1 and (not after or not (after in _units() or after[0] in _units())):
        return str(numeral)
    if numeral == "一" and after[0] in _units_of_count():
        return str(numeral)
    value = whole(numeral)
    if value is None and len(numeral) > 2 and (value := whole(numeral[:-1])) is not None and after and after[0] in _units():
        # 五十九一个: a price, and of how many.
        return f"{value} {numeral[-1]}"
    if value is None:
        return str(numeral)
    # 二百六十八两罐: another number is right before.
    return f" {value}" if match.start() and _HAN_DIGIT.match(match.string[match.start() - 1]) else str(value)


@cache
def _units() -> frozenset[str]:
    return frozenset(unit for language in LANGUAGES for units in words(language).units.values() for unit in units if not unit.isascii())


@cache
def _units_of_count() -> frozenset[str]:
    return frozenset(words("zh").units["count"])


def _digit(sign: str) -> int:
    return "零一二三四五六七八九".index("零" if sign == "〇" else sign)


def _english(spoken: str, price: float | None) -> str:
    parts = _cardinals(spoken)
    if parts is None:
        return spoken
    said: list[str] = []
    at = len(parts) - 1
    while at >= 0:
        cents = parts[at]
        if (
            at > 0
            and price
            and 10 <= cents < 100
            and cents != parts[at - 1]
            and _PRICES[0] * price <= (value := parts[at - 1] + cents / 100) <= _PRICES[1] * price
        ):
            said.append(f"{value:.2f}")
            at -= 2
        else:
            said.append(str(cents))
            at -= 1
    return " ".join(reversed(said))


def _cardinals(spoken: str) -> list[int] | None:
    """The numbers in a row of number words; None for a lone "one" and for what does not say how its words belong together."""
    names = [word for word in regex.split(r"[ -]", spoken.lower()) if word != "and"]
    if names == ["one"] or names[0] in SCALES:
        return None
    numbers: list[int] = []
    total, part, last = 0, 0, 0
    for name in names:
        if name in SCALES:
            scale = SCALES[name]
            if scale == 1000:
                total, part = total + (part or 1) * 1000, 0
            else:
                part = part * 100
            last = scale
            continue
        value = ENGLISH[name]
        fits = last >= 100 or (20 <= last < 100 and value < 10 and last % 10 == 0 and value > 0) or (total == part == 0 and last == 0)
        if not fits:
            numbers.append(total + part)
            total = part = 0
        part += value
        last = value if value else 1
    numbers.append(total + part)
    # "four fifty" may be 4.50 and 450.
    return None if len(numbers) > 1 and any(number < 10 for number in numbers[:-1]) else numbers
