"""What kinds of expressions a comment has: of price, of size, of praise… Each file of `cues/` holds those of a language.

An expression of a script without spaces is found anywhere in a text, one of two or more Chinese characters also by its sound; others are
found as whole words, and one that ends in an asterisk as the beginning of a word.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import regex

from streamrec.understanding.normalise import normalise

CUES = Path(__file__).with_name("cues")
MOST_KINDS = 6
"""Kinds whose pairs are told: a comment of more is no short one."""
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_ANYWHERE = regex.compile(rf"[{_UNSPACED}]|[^\p{{L}}\p{{M}}\p{{N}}' ]")
_HAN = regex.compile(r"\p{Han}")
_WORD = regex.compile(rf"(?V1)[[\p{{L}}\p{{M}}\p{{N}}']--[{_UNSPACED}]]+")
_NEGATIONS = (
    frozenset("不没别未非无")
    | {"bu", "mei", "bie"}
    | {
        "not",
        "no",
        "never",
        "don't",
        "dont",
        "doesn't",
        "doesnt",
        "isn't",
        "isnt",
        "не",
        "không",
        "não",
        "nao",
        "gak",
        "tidak",
    }
)
# Between a negation and what it negates stand at most a degree or an article: 不太好, not a good.
_BEFORE = 2

Kinds = tuple[str, ...]
Key = TypeVar("Key")


@dataclass(slots=True)
class _Book:
    """Expressions by how they are found, with their kinds."""

    spans: dict[str, Kinds] = field(default_factory=dict)
    sounds: dict[tuple[str, ...], Kinds] = field(default_factory=dict)
    words: dict[tuple[str, ...], Kinds] = field(default_factory=dict)
    beginnings: dict[str, Kinds] = field(default_factory=dict)
    longest: dict[str, int] = field(default_factory=dict)

    def put(self, expression: str, kind: str) -> None:
        """Add an expression of a kind."""
        normal = normalise(expression.removesuffix("*"))
        if _ANYWHERE.search(normal.text):
            _add(self.spans, normal.text, kind)
            if len(_HAN.findall(normal.text)) == len(normal.text) > 1:
                _add(self.sounds, normal.pinyin, kind)
        elif expression.endswith("*") and " " not in normal.text:
            _add(self.beginnings, normal.text, kind)
        else:
            _add(self.words, tuple(words(normal.text)), kind)


@functools.cache
def _book() -> _Book:
    book = _Book()
    for path in sorted(CUES.glob("*.toml")):
        for kind, expressions in tomllib.loads(path.read_text("utf-8")).items():
            for expression in expressions.split("|"):
                book.put(expression, kind)
    for name in ("spans", "sounds", "words"):
        book.longest[name] = max(map(len, getattr(book, name)))
    return book


def words(text: str) -> list[str]:
    """The words of a text in its normal form, apart from those of scripts without spaces."""
    found: list[str] = _WORD.findall(text)
    return found


def kinds(text: str, sound: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """The kinds of expressions in a comment, as names: of its characters, its sound and its words, each also with a negation before it.

    Args:
        text: the comment in its normal form.
        sound: its syllables.
        said: its words.
    """
    book = _book()
    found: dict[str, None] = {}
    heard: dict[str, None] = {}
    _find(text, book.spans, book.longest["spans"], found)
    _find(tuple(sound), book.sounds, book.longest["sounds"], heard)
    _find(tuple(said), book.words, book.longest["words"], found)
    for place, word in enumerate(said):
        for end in range(2, len(word) + 1):
            for kind in book.beginnings.get(word[:end], ()):
                found[_told(kind, said, place)] = None
    yield from (f"says {kind}" for kind in found)
    yield from (f"sounds {kind}" for kind in heard)
    told = sorted({**found, **heard})[:MOST_KINDS]
    yield f"kinds {min(len(told), 3)}"
    yield from (f"both {one} {other}" for place, one in enumerate(told) for other in told[place + 1 :])


def _find(sequence: Sequence[str], book: Mapping[Any, Kinds], longest: int, found: dict[str, None]) -> None:
    """Add the kinds of the longest expression at each place; one that lies within another counts as a part of that."""
    covered = 0
    for begin in range(len(sequence)):
        for end in range(min(len(sequence), begin + longest), max(covered, begin), -1):
            held = book.get(sequence[begin:end])
            if held:
                for kind in held:
                    found[_told(kind, sequence, begin)] = None
                covered = end
                break


def _told(kind: str, sequence: Sequence[str], place: int) -> str:
    return f"not {kind}" if any(part in _NEGATIONS for part in sequence[max(0, place - _BEFORE) : place]) else kind


def _add(book: dict[Key, Kinds], key: Key, kind: str) -> None:
    held = book.get(key, ())
    if kind not in held:
        book[key] = (*held, kind)
