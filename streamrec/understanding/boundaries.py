"""Where words begin and end: next to no letter, and in Chinese next to characters that are of no longer word."""

from __future__ import annotations

import regex

# A word of one character is part of a longer word but after such a character, and before one.
_BEFORE = frozenset(
    "的个口只这那哪讲要买拿看上把款件条双支瓶盒袋杯台块张顶副小大新老啥什么卖下拍抢说问给有先穿用戴吃喝想来好是和跟比两一几俩顿身套本辆瓣"
)
_AFTER = frozenset("吗呢吧啊呀哈嘛哦的了多怎么有没是不还能可以好真在哪什几也都就要拍上来我你他她太这那很会和跟咋啥来讲再先给贵便")
_SPACE = regex.compile(r"[\s\p{P}\p{S}]")


def alone(text: str, start: int, end: int) -> bool:
    """Whether no letter touches the place."""
    return not (start and text[start - 1].isascii() and text[start - 1].isalnum()) and not (
        end < len(text) and text[end].isascii() and text[end].isalnum()
    )


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a short Chinese word at the place is no part of a longer one, as far as its neighbours tell."""
    before = start == 0 or text[start - 1] in _BEFORE or _SPACE.match(text[start - 1]) is not None or text[start - 1].isascii()
    return before and (end == len(text) or text[end] in _AFTER or _SPACE.match(text[end]) is not None)
