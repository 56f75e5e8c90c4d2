"""Phrases by which comments point at items, refuse them, or speak of something else, in the languages of the shops."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import regex

MEASURES = "[个款件条双支瓶只把口台套盒袋杯张顶种块副包根对床罐箱枚颗]"
_UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my"})
BARE_NUMBER = regex.compile(r"(\d{1,3})[!.。~ ]*")
ANSWER = regex.compile(r"(?:已|我)?(?:扣|打|刷|敲|发)?了?个?(?P<number>\d{1,3}|一|二|one|two|six)(?:了|来了|啦)?[!.。~, ]*")
"""A number alone, as viewers answer a host who asked for it."""
HANGUL = regex.compile(r"\p{Hangul}")
ITS_QUALITY = regex.compile(r"颜?色|价|尺|码|味|款式|型号")
"""Behind 这个: who refuses this colour or price does not refuse the item."""
LATIN = regex.compile(r"\p{Latin}")
NOT_OF = regex.compile(r"不(?:想)?要(\p{Han}{1,2}?)(?:质|制|做|款)?的")
"""A quality that is refused: 不要铁的."""
_ASKED = r"(?:扣|打|刷|敲|发|回|公屏|type|comment|drop|put|send|press)\s?(?:个|一?波|上|a |an |in |with )?\s?(?:数字|number )?"
_SPOKEN = {"1": "1|一|one", "2": "2|二|two", "6": "6|六|six"}


def pattern(name: str) -> regex.Pattern[str]:
    """The phrases of that name in all languages."""
    return _compiled(name)


def source(*names: str) -> str:
    """The text of a pattern of the phrases of those names in all languages."""
    joined: list[str] = []
    spaced: list[str] = []
    for name in names:
        for language, phrases in _table()[name].items():
            (joined if language in _UNSPACED else spaced).extend(phrases)
    whole = [rf"(?<![\p{{L}}\p{{M}}])(?:{'|'.join(spaced)})(?![\p{{L}}\p{{M}}])"] if spaced else []
    return "|".join(joined + whole).replace("{m}", MEASURES)


def asks_for(said: str, number: str) -> bool:
    """Whether the host asked who wants the item to write that number: 要的扣个一."""
    # Who writes 111 means a 1.
    digit = number[0] if set(number) == {number[0]} else number
    digit = next((one for one, names in _SPOKEN.items() if digit in names.split("|")), digit)
    return regex.search(rf"{_ASKED}(?:{_SPOKEN.get(digit, digit)})(?![\d\p{{Han}}]?[号块元万千百])", said.lower()) is not None


def answers(text: str, said: str) -> bool:
    """Whether a text is nothing but the number that the host has just asked for: it wants the item on air."""
    match = ANSWER.fullmatch(text)
    return match is not None and asks_for(said, match["number"])


@cache
def described() -> regex.Pattern[str]:
    """An item by its quality, which is the group `han` or `word`: 铁的那口, the blue one."""
    colours = source("color")
    return regex.compile(
        rf"(?P<han>\p{{Han}}{{1,3}}?)的?那{MEASURES}|(?<!\p{{L}})(?:(?:the|that|those)\s(?P<word>{colours})\sones?|(?:el|la)\s(?P<word>{colours})"
        rf"|(?:cái|mẫu|con)\s(?:màu\s)?(?P<word>{colours}))(?!\p{{L}})"
    )


@cache
def _compiled(name: str) -> regex.Pattern[str]:
    return regex.compile(source(name))


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "phrases.toml").read_text("utf-8"))
