"""The form in which comments are read: one width, one case, one script, and how it sounds."""

from __future__ import annotations

import functools
import unicodedata
from typing import NamedTuple

import regex

_HIDDEN = regex.compile(r"[\p{Cf}\p{Mn}--\u200d]", regex.V1)


class Normal(NamedTuple):
    """A text as it was written, as it is read, and the toneless syllables of its characters (others stand for themselves)."""

    raw: str
    text: str
    pinyin: tuple[str, ...]


@functools.cache
def _table() -> dict[int, str]:
    from pypinyin.pinyin_dict import pinyin_dict

    return pinyin_dict


@functools.lru_cache(20_000)
def _syllable(char: str) -> str:
    sound = _table().get(ord(char))
    if sound is None:
        return char
    plain = unicodedata.normalize("NFD", sound.split(",")[0])
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha()) or char


def normalise(text: str) -> Normal:
    """The normal form of a text."""
    folded = _HIDDEN.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return Normal(text, folded, tuple(map(_syllable, folded)))
