"""Words that tell nothing about which item is meant: those of titles, and the commonest of each language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from streamrec.understanding.kinds import stem
from streamrec.understanding.words import fold


@cache
def generic() -> frozenset[str]:
    """Words that tell nothing about which item is meant: those of titles, and the commonest of each language."""
    folder = Path(__file__).parent
    words: set[str] = set()
    for name in ("generic.txt", "languages.txt"):
        for line in (folder / name).read_text("utf-8").splitlines():
            if not line.startswith("#"):
                words.update(stem(fold(word)) for word in line.partition(": ")[2 if ": " in line else 0].split())
    return frozenset(words)


def generic_span(span: str) -> bool:
    """Whether a span of Chinese characters is put together from words that tell nothing."""
    known = generic()
    if span in known:
        return True
    return len(span) > 3 and any(span[:at] in known and span[at:] in known for at in range(2, len(span) - 1))
