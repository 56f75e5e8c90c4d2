"""What a text is compared by: its words and pairs of Chinese characters, and beside them how they sound."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from streamrec.understanding.answers.lexicon import lexicon
from streamrec.understanding.answers.phrases import Found, Piece, pieces, stem
from streamrec.understanding.normalise import Normal
from streamrec.understanding.words import fold

_SINGLE = 0.5
"""A Chinese character alone says half of what a pair says."""


class Reading:
    """A text that is asked about or answers: its pieces, and the terms of it that carry meaning."""

    def __init__(self, normal: Normal) -> None:
        self.normal: Final = normal
        self.folded: Final = fold(normal.text)
        self.cut: Final[list[Piece]] = pieces(self.folded)

    @cached_property
    def idle(self) -> frozenset[int]:
        """The places of pieces that say nothing of what is asked."""
        return frozenset(place for one in lexicon().idle.find(self.cut) for place in range(one.first, one.first + one.size))

    @cached_property
    def terms(self) -> dict[str, float]:
        """The terms of the whole text with their weights."""
        return weigh(self.cut, frozenset())

    @cached_property
    def content(self) -> dict[str, float]:
        """The terms without idle words."""
        return weigh(self.cut, self.idle)

    @cached_property
    def sounds(self) -> frozenset[str]:
        """Pairs of syllables of neighbouring Chinese characters."""
        syllables, text = self.normal.pinyin, self.normal.text
        return frozenset(
            f"{syllables[at]}{syllables[at + 1]}"
            for at in range(len(syllables) - 1)
            if syllables[at] != text[at] and syllables[at + 1] != text[at + 1]
        )

    @cached_property
    def asks(self) -> list[Found]:
        """The phrases that ask for a kind of fact."""
        return lexicon().asks.find(self.cut)

    @cached_property
    def kinds(self) -> dict[str, float]:
        """The kinds of facts that it asks for; the longer the phrase, the surer."""
        kinds: dict[str, float] = {}
        for one in self.asks:
            for kind in one.meanings:
                kinds[kind] = max(kinds.get(kind, 0.0), one.weight)
        return kinds

    @cached_property
    def tells(self) -> frozenset[str]:
        """The kinds of facts that it tells of."""
        return lexicon().kinds_of_words(self.cut)

    @cached_property
    def numbers(self) -> bool:
        """Whether it has a number."""
        return any(piece.text[0].isdigit() for piece in self.cut)

    def terms_of(self, phrase: Found) -> dict[str, float]:
        """The terms of a phrase in it."""
        return weigh(self.cut[phrase.first : phrase.first + phrase.size], frozenset())

    def wants(self, what: str) -> bool:
        """Whether it asks for a number, a time, a place, a choice, a comparison, several items together, or yes or no."""
        return bool(lexicon().wants[what].find(self.cut))


def weigh(cut: list[Piece], idle: frozenset[int]) -> dict[str, float]:
    """The terms of pieces with their weights, without those at the places in `idle`."""
    terms: dict[str, float] = {}
    last: Piece | None = None
    for place, piece in enumerate(cut):
        if place in idle:
            last = None
            continue
        if len(piece.text) == 1 and not piece.text.isascii():
            terms[piece.text] = _SINGLE
            if last is not None and last.end == piece.begin and len(last.text) == 1 and not last.text.isascii():
                terms[last.text + piece.text] = 1.0
            last = piece
        else:
            terms[stem(piece.text)] = 1.0
            last = None
    return terms
