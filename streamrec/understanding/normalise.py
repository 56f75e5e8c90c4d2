"""Brings a comment to one form: one width, one case, simplified characters, nothing inserted, runs shortened; and its sounds beside it."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import regex

from streamrec.understanding.characters import simplified, syllables
from streamrec.understanding.words import arabic_digits, without_loose_marks

# Marks that nobody writes between two Chinese characters but to hide a word; others only where every character stands alone.
_BETWEEN = regex.compile(r"(?<=\p{Han})[.·•・*_~^|`'‧∙]{1,2}(?=\p{Han})")
_APART = regex.compile(r"(?V1)(?<![\p{L}\p{N}])[\p{Han}](?:[ \-/\\,+]{1,2}\p{Han}){2,}(?![\p{L}\p{N}])")
_SPELLED = regex.compile(r"(?<![a-z0-9'])[a-z](?:(?: [a-z0-9]){3,}|(?:[._\-*·][a-z0-9]){2,})(?![a-z0-9])")
_DICTATED = regex.compile(r"(?<![\d.])\d(?: \d){4,}(?!\d)")
_SEPARATORS = regex.compile(r"[^\p{L}\p{N}]+")
_REPEATED = regex.compile(r"(?=\P{N})(.{2,12}?)\1{2,}")
_LONG = regex.compile(
    r"(?:(?P<letter>\p{L})(?P=letter){2,}|(?P<sign>[^\p{L}\p{N}\s])(?P=sign)+|(?<!\d)(?:(?P<digit>[1-9])(?P=digit){3,}|23{2,})(?!\d))"
)
_BLANKS = regex.compile(r"\s+")
_TONES_OF_SKIN = dict.fromkeys(range(0x1F3FB, 0x1F400))


class Normal(NamedTuple):
    """A text as it was written and in the form in which it is compared."""

    raw: str
    text: str
    """One width and case, simplified characters, without invisible and inserted signs, runs shortened. Accents of Latin letters stay."""
    pinyin: tuple[str, ...]
    """For each character of `text` its syllable without tone, or the character itself where it is no Chinese one."""


def normalise(text: str) -> Normal:
    """The text in the form in which comments are compared with titles and with each other."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        folded = arabic_digits(without_loose_marks(folded)).translate(_table())
        folded = _BETWEEN.sub("", folded)
        folded = _APART.sub(_joined, folded)
    folded = _SPELLED.sub(_joined, folded)
    folded = _DICTATED.sub(_joined, folded)
    folded = _LONG.sub(_shorter, _REPEATED.sub(r"\1", folded))
    folded = _BLANKS.sub(" ", folded).strip()
    return Normal(text, folded, syllables(folded))


def _joined(match: regex.Match[str]) -> str:
    return str(_SEPARATORS.sub("", match[0]))


def _shorter(match: regex.Match[str]) -> str:
    """Two of a letter (so that "soo" is not "so"), one of a sign, three of a digit; 2333… is laughter."""
    if letter := match["letter"]:
        return str(letter * 2)
    if sign := match["sign"]:
        return str(sign)
    return str(match["digit"] * 3) if match["digit"] else "233"


@cache
def _table() -> dict[int, str | int | None]:
    return {**simplified(), **_TONES_OF_SKIN}
