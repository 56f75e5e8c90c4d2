"""Cuts short texts of any language into comparable pieces: words, and short spans of characters in scripts without spaces."""

from __future__ import annotations

import unicodedata

import regex

# Han, kana and Hangul have a word in nearly every pair of characters; the scripts whose lines only a dictionary can break (Thai, Lao,
# Khmer, Burmese and others: line break class SA) write vowels as letters of their own, and say as little with two as Latin does.
_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\u30fc\u3099\u309a"
_UNSPACED = r"\p{Line_Break=SA}"
_RUNS = regex.compile(rf"(?V1)(?P<pairs>[{_CJK}]+)|(?P<spans>[{_UNSPACED}]+)|[[\p{{L}}\p{{M}}\p{{N}}]--[{_CJK}{_UNSPACED}]]+")
_CLUSTERS = regex.compile(r"\P{M}\p{M}*|\p{M}+")
# Marks that writers leave out at will. Those of Indic scripts are vowels, and (han)dakuten make another consonant.
_LEFT_OUT = regex.compile(
    r"(?V1)[[\p{M}&&[\p{Script=Inherited}\p{Hebrew}\p{Arabic}\p{Syriac}]]--[\u3099\u309a]]|\u0640|[\p{Cf}--\u200c]|(?<=\p{M})\u200c"
)
_FOREIGN_DIGITS = regex.compile(r"(?V1)[\p{Nd}--[0-9]]")
# Two clusters of one letter each say as little as two letters of Latin: a span has at least three characters.
_SPAN = 3


def fold(text: str) -> str:
    """The text in lower case, without accents and invisible signs, in one width and with the digits 0 to 9."""
    if text.isascii():
        return text.lower()
    folded = arabic_digits(without_loose_marks(unicodedata.normalize("NFKD", text).casefold()))
    return unicodedata.normalize("NFC", folded)


def without_loose_marks(text: str) -> str:
    """The text without invisible signs and without the marks that writers leave out at will; accents only where they stand apart (NFD)."""
    return str(_LEFT_OUT.sub("", text))


def arabic_digits(text: str) -> str:
    """The text with the digits 0 to 9 in place of those of other scripts."""
    # `regex` follows newer versions of Unicode than Python does: a digit that Python does not know stays as it is.
    return str(_FOREIGN_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit[0], digit[0])), text))


def words(text: str) -> list[str]:
    """The words of a text, folded and without a plural s."""
    return cut(fold(text))


def cut(folded: str) -> list[str]:
    """The words of a folded text, without a plural s.

    Runs of Chinese, Japanese or Korean become overlapping pairs of characters, runs of Thai and other scripts without spaces
    overlapping spans of two or more letters with their marks.
    """
    pieces: list[str] = []
    for match in _RUNS.finditer(folded):
        run = match[0]
        if match.lastgroup == "pairs":
            pieces += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        elif match.lastgroup == "spans":
            pieces += _spans(_CLUSTERS.findall(run))
        else:
            pieces.append(run[:-1] if len(run) > 3 and run.endswith("s") and not run.endswith("ss") else run)
    return pieces


def _spans(clusters: list[str]) -> list[str]:
    """Overlapping spans: from each cluster on, at least two clusters and three characters. A shorter run is one span."""
    spans = []
    for start in range(len(clusters) - 1):
        span = clusters[start] + clusters[start + 1]
        if len(span) < _SPAN:
            if start + 2 == len(clusters):
                break
            span += clusters[start + 2]
        spans.append(span)
    return spans or ["".join(clusters)]
