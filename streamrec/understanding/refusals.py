"""What a comment does not want: 不要1号 要2号, 龙井不要, not the blue one, no quiero, không lấy, ไม่เอา, नहीं चाहिए."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import regex

from streamrec.understanding.phrases import MEASURES, pattern, source

_LINKS = regex.compile(r"[和跟与、&]|and|or|及|y|hoặc|và")
_OBJECT = regex.compile(r"(?![了吧啊哈哦的也呢])\p{Han}")
_CLAUSE = r"[,，。.!?！？;；~…\n]| (?=\p{Han})|(?<=\p{Han}) "


class Span(NamedTuple):
    """A place in a text."""

    start: int
    end: int


def refused(text: str, spans: Sequence[Span]) -> list[bool]:
    """For each of the places, in their order, whether the text refuses what stands there."""
    if not spans:
        return []
    marks = [(match.start(), match.end(), match.lastgroup or "") for match in _marks().finditer(text)]
    found: list[bool] = []
    for place, span in enumerate(spans):
        before = [mark for mark in marks if mark[1] <= span.start]
        # The nearest mark before counts up to the end of its clause; 不要1号和2号 refuses both.
        mark = before[-1][2] if before else ""
        if mark == "not":
            between = text[before[-1][1] : span.start]
            others = [other for other in spans[:place] if other.start >= before[-1][1]]
            found.append(not others or _LINKS.search(between) is not None or found[-1])
            continue
        if place + 1 < len(spans) and _swapped(text, span, spans[place + 1]):
            found.append(True)
            continue
        after = spans[place + 1].start if place + 1 < len(spans) else len(text)
        behind = _behind().match(text, span.end)
        # 要1号 不要2号: what is refused stands behind the mark, unless nothing does.
        ends = behind is not None and (behind.end() < after or place + 1 == len(spans)) and not _object(text, behind.end(), spans)
        found.append(ends and behind is not None and not _of_another_clause(behind))
    if len(spans) == 1 and not found[0]:
        # 炸锅我有了 不需要了: a clause of its own refuses what the one before it named.
        rest = text[spans[0].end :]
        found[0] = (
            bool(match := pattern("all").search(rest))
            and not pattern("wants").search(rest[: match.start()])
            and not pattern("wants").search(rest[match.end() :])
        )
    return found


def refuses_all(text: str) -> bool:
    """Whether a text that names nothing refuses what it is about: 那算了 不要了, I'll pass."""
    match = pattern("all").search(text)
    return match is not None and pattern("wants").search(text[match.end() :]) is None


def _swapped(text: str, left: Span, right: Span) -> bool:
    """Whether the text asks for the right one in place of the left one: 1号换成2号, swap 15 for 1."""
    between = text[left.end : right.start].strip()
    if not pattern("swap_for").fullmatch(between):
        return False
    return not between.isascii() or any(match.end() >= left.start - 1 for match in pattern("swap").finditer(text, 0, left.start))


def _of_another_clause(behind: regex.Match[str]) -> bool:
    """Whether a refusal behind an item begins a clause with an object of its own: 要3号 不要红色的."""
    return " " in behind["filling"] and _OBJECT.match(behind.string, behind.end()) is not None


def _object(text: str, end: int, spans: Sequence[Span]) -> bool:
    """Whether another place follows a refusal that ends there, in its clause."""
    return any(span.start >= end and not _marks().search(text, end, span.start) and span.start - end <= 5 for span in spans)


@cache
def _marks() -> regex.Pattern[str]:
    return regex.compile(rf"(?P<not>{source('not')})|(?P<wants>{source('wants')})|(?P<end>{_CLAUSE})")


@cache
def _behind() -> regex.Pattern[str]:
    """A refusal right behind an item: 龙井不要, 坚果pass."""
    return regex.compile(rf"(?P<filling>(?:[\s的那这吧就我先也都还]|链接|{MEASURES}){{0,5}})(?:{source('not', 'done')})")
