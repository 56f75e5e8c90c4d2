"""What a comment is judged by: spans of its characters, of its syllables and of their letters, its words, and a few general marks."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.expressions import kinds, words
from streamrec.understanding.marks import marks
from streamrec.understanding.normalise import Normal
from streamrec.understanding.spelt import sounds

VERSION = 1
"""Rises with every change of what a text's traits are: weights of another version do not fit."""
LONGEST = 160
"""Characters that are read of a comment: what it wants is said early, and nobody may decide how long others wait."""
_FACTOR, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
SPAN, WORD, MARK, KIND = 0.5, 1.0, 4.0, 8.0
"""How much a trait of each sort counts beside the others: kinds of expressions are the same in every room, spans of characters are not."""
# Before and after a text stands a sign of its own, by which a span knows that it opens or ends it.
_EDGE = 2

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Traits:
    """The traits of n texts, one text after the other: those of text i are `buckets[starts[i]:starts[i + 1]]`."""

    buckets: NDArray[np.int64]
    values: NDArray[np.float32]
    """How much each counts; the squares of a text's values add up to 1."""
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, rows: NDArray[np.intp]) -> Traits:
        """Those of some texts."""
        counts = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate(([0], np.cumsum(counts)))
        places = np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1])
        return Traits(self.buckets[places], self.values[places], starts)


def traits(normals: Sequence[Normal], langs: Sequence[str], buckets: int) -> Traits:
    """The traits of texts as numbers below `buckets`, a power of two. Every text has some."""
    normals = [normal._replace(text=normal.text[:LONGEST], pinyin=normal.pinyin[:LONGEST]) for normal in normals]
    texts = [normal.text for normal in normals]
    heard = [sounds(normal, lang) for normal, lang in zip(normals, langs, strict=True)]
    said = [words(text) for text in texts]
    channels = (
        (1, SPAN, _edged([list(map(ord, text)) for text in texts]), (1, 2, 3)),
        (2, SPAN, _edged([list(map(_code, sound)) for sound in heard]), (1, 2, 3)),
        (3, SPAN, [list(map(ord, _letters(sound))) for sound in heard], (3, 4, 5)),
        (4, WORD, _edged([list(map(_code, each)) for each in said]), (1, 2)),
        (5, MARK, [list(map(_code, (f"lang {lang}", *marks(normal)))) for normal, lang in zip(normals, langs, strict=True)], (1,)),
        (6, KIND, [list(map(_code, kinds(*each))) for each in zip(texts, heard, said, strict=True)], (1,)),
    )
    found = [(*_spans(kind, sequences, length), value) for kind, value, sequences, lengths in channels for length in lengths]
    rows = np.concatenate([row for row, _, _ in found])
    hashes = np.concatenate([span for _, span, _ in found])
    values = np.repeat([value for _, _, value in found], [len(row) for row, _, _ in found])
    order = np.argsort(rows, kind="stable")
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=len(texts)), out=starts[1:])
    norms = np.sqrt(np.bincount(rows, values**2, minlength=len(texts)))
    scaled = (values / norms[rows])[order].astype(np.float32)
    return Traits((hashes[order] & np.uint64(buckets - 1)).astype(np.int64), scaled, starts)


def _spans(kind: int, sequences: Sequence[Sequence[int]], length: int) -> tuple[NDArray[np.int64], Hashes]:
    """The spans of that length in every sequence: whose they are, and their hashes."""
    sizes = np.fromiter(map(len, sequences), np.int64, len(sequences))
    values = np.fromiter((value for sequence in sequences for value in sequence), np.uint64, int(sizes.sum()))
    rows = np.repeat(np.arange(len(sequences)), sizes)
    count = max(0, len(values) - length + 1)
    whole = rows[:count] == rows[length - 1 :] if count else np.zeros(0, bool)
    hashes = np.full(count, kind * 8 + length, np.uint64)
    for place in range(length):
        hashes = (hashes ^ values[place : place + count]) * _FACTOR
        hashes ^= hashes >> np.uint64(29)
    hashes *= _SPREAD
    hashes ^= hashes >> np.uint64(32)
    return rows[:count][whole], hashes[whole]


def _edged(sequences: Iterable[list[int]]) -> list[list[int]]:
    return [[_EDGE, *sequence, _EDGE] for sequence in sequences]


@functools.lru_cache(50_000)
def _code(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _letters(sound: Sequence[str]) -> str:
    """How a text sounds as one word, so that 多少钱 is near duoshaoqian and duo shao qian."""
    return "".join(part for part in sound if part.isalnum())
