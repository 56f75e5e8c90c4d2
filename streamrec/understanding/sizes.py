"""Sizes that titles and comments write: 32oz, 500毫升, 24寸."""

from __future__ import annotations

import regex

SIZES = regex.compile(
    r"(?<![\p{Latin}\d.])(\d{1,6}(?:\.\d+)?)\s?-?(oz|ml|cm|mm|mah|kg|inch(?:es)?|in|w|gb|tb|lb|l|g|寸|斤|英寸|厘米|公分|毫升|升|克|千克|公斤|瓦|毫安|片|支|只|包)(?![\p{Latin}])"
)
_UNITS = {
    "inches": "inch",
    "in": "inch",
    "英寸": "寸",
    "厘米": "cm",
    "公分": "cm",
    "毫升": "ml",
    "升": "l",
    "克": "g",
    "千克": "kg",
    "公斤": "kg",
    "瓦": "w",
    "毫安": "mah",
}


def size_of(match: regex.Match[str]) -> str:
    """One form for a match of `SIZES`."""
    return f"{match[1]}{_UNITS.get(match[2], match[2])}"


def sizes(text: str) -> set[str]:
    """The sizes that a normalised text writes."""
    return {size_of(match) for match in SIZES.finditer(text)}
