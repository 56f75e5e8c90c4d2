"""Prices as people say them."""

from __future__ import annotations

from streamrec.simulator.utterances import Language
from streamrec.understanding.numerals import ENGLISH

_DIGITS = "零一二三四五六七八九"
_WORD = {value: word for word, value in ENGLISH.items()}
_MONEY = {"GBP": "pounds", "USD": "dollars", "EUR": "euros"}


def price_in_words(language: Language, price: float, currency: str) -> str:
    """The price in words: 一百六十八 (the unit is left to the sentence), four pounds twenty five."""
    whole, cents = divmod(round(price * 100), 100)
    if language == "zh":
        tail = "".join(_DIGITS[int(digit)] for digit in f"{cents:02}".rstrip("0"))
        return chinese(whole) + (f"点{tail}" if tail else "")
    money = _MONEY.get(currency, currency)
    if not whole:
        return f"{english(cents)} {'pence' if currency == 'GBP' else 'cents'}"
    name = money.removesuffix("s") if whole == 1 else money
    return f"{english(whole)} {name}" + (f" {english(cents)}" if cents else "")


def price_in_figures(price: float) -> str:
    """The price as speech recognition writes it: 168, 4.25."""
    return f"{price:.2f}".removesuffix(".00")


def chinese(number: int) -> str:
    """A whole number in Chinese, such as 一百零五; from ten thousand on in figures."""
    if number >= 10_000:
        return str(number)
    said, gap = "", False
    for unit, value in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, number = divmod(number, value)
        if not digit:
            gap = bool(said)
            continue
        said += ("零" if gap else "") + ("" if value == 10 and digit == 1 and not said else _DIGITS[digit]) + unit
        gap = False
    return said or _DIGITS[0]


def english(number: int) -> str:
    """A whole number in English words; from a thousand on in figures."""
    if number >= 1000:
        return str(number)
    if number >= 100:
        rest = number % 100
        return f"{_WORD[number // 100]} hundred" + (f" and {english(rest)}" if rest else "")
    if number < 20:
        return _WORD[number]
    return _WORD[number - number % 10] + (f" {_WORD[number % 10]}" if number % 10 else "")
