"""Finds the phrases of a table in a text: words in scripts with spaces, spans of characters in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import regex

from streamrec.understanding.words import fold

_PIECES = regex.compile(r"(?V1)\p{Han}|\p{Nd}+(?:[.,]\p{Nd}+)*|[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Nd}]]+(?:['’][\p{L}]+)?|[%℃]")


_ENDINGS = ("ing", "ed", "es", "s", "ly")


class Piece(NamedTuple):
    """A Chinese character, a number or a word, with its place in the folded text."""

    text: str
    begin: int
    end: int


def pieces(folded: str) -> list[Piece]:
    """The characters, numbers and words of a folded text, in their order."""
    return [Piece(match[0].replace("’", "'"), match.start(), match.end()) for match in _PIECES.finditer(folded)]


def stem(word: str) -> str:
    """An English word without its commonest endings; numbers and short words stay as they are."""
    if len(word) > 4 and word.isascii() and word.isalpha():
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)].rstrip("e")
        return word.rstrip("e")
    return word


class Found(NamedTuple):
    """A phrase of the table: what it stands for, and which pieces of the text it takes."""

    meanings: frozenset[str]
    first: int
    size: int
    weight: float
    """How much it says: a word as much as two Chinese characters."""


class Phrases:
    """A table of phrases and what they stand for. Of phrases that overlap the longest is found, of equally long ones the first."""

    def __init__(self, table: Iterable[tuple[str, str]]) -> None:
        self._meanings: dict[tuple[str, ...], set[str]] = {}
        for phrase, meaning in table:
            key = tuple(stem(piece.text) for piece in pieces(fold(phrase)))
            if key:
                self._meanings.setdefault(key, set()).add(meaning)
        self._longest = max(map(len, self._meanings), default=0)
        self._starts = {key[0] for key in self._meanings}

    def exactly(self, text: str) -> frozenset[str]:
        """What a whole text stands for."""
        return frozenset(self._meanings.get(tuple(stem(piece.text) for piece in pieces(fold(text))), ()))

    def find(self, cut: list[Piece]) -> list[Found]:
        """The phrases in a text, longest first, none of which overlaps another."""
        found = sorted(self._all(cut), key=lambda one: (-one.size, one.first))
        taken: set[int] = set()
        chosen = []
        for one in found:
            places = range(one.first, one.first + one.size)
            if taken.isdisjoint(places):
                taken.update(places)
                chosen.append(one)
        return chosen

    def _all(self, cut: list[Piece]) -> Iterator[Found]:
        texts = [stem(piece.text) for piece in cut]
        for first, text in enumerate(texts):
            if text not in self._starts:
                continue
            for size in range(1, min(self._longest, len(texts) - first) + 1):
                key = tuple(texts[first : first + size])
                meanings = self._meanings.get(key)
                if meanings:
                    weight = sum(1.0 if len(word) == 1 and not word.isascii() else 2.0 for word in key)
                    yield Found(frozenset(meanings), first, size, weight)
