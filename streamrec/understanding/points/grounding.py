"""Whether a text says only what the facts of an item say: each clause out of one fact, with its numbers, units, names and negations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from streamrec.events.types import Item
from streamrec.understanding.answers.candidates import of_item
from streamrec.understanding.answers.figures import in_digits
from streamrec.understanding.answers.phrases import Piece, pieces
from streamrec.understanding.points.claims import Claims
from streamrec.understanding.words import fold

_CLAUSE = regex.compile(r"[^，。！？；、,;!?\n：:]+?(?:[，。！？；、,;!?\n：:]|\.(?=\s|$)|$)")
_UNTOLD = frozenset({"stock"})


@dataclass(frozen=True, slots=True)
class Source:
    """What may be said out of one fact: its pieces, its numbers each with what follows, pairs of characters, and whether it negates."""

    words: frozenset[str]
    numbers: frozenset[tuple[str, str]]
    pairs: frozenset[str]
    negates: bool
    order: tuple[str, ...]
    """Its pieces in their order, without words that only connect."""


def sources(item: Item, claims: Claims) -> list[Source]:
    """The facts of an item as sources, with its title, brand, category and price; each clause of a value is a source of its own too."""
    texts = [item.title, item.brand or "", item.category or "", f"{item.price:.10g} {item.currency}", f"{item.price:.2f}"]
    for one in of_item(item):
        if one.field in _UNTOLD:
            continue
        name = one.field.replace("_", " ") if one.key is not None else ""
        texts.append(f"{name} {one.quote}")
        texts += [f"{name} {clause}" for clause in clauses(one.quote)]
    return [_source(text, claims) for text in texts if text.strip()]


def ungrounded(text: str, told: Sequence[Source], claims: Claims) -> list[str]:
    """The clauses that no single fact says, and the banned claims; empty where all of the text is grounded."""
    wrong = [clause for clause in clauses(text) if not _grounded(clause, told, claims)]
    return wrong + claims.banned(text)


def clauses(text: str) -> list[str]:
    """The clauses of a text."""
    return [bare for match in _CLAUSE.finditer(text) if (bare := match[0].strip(" ，。！？；、,;!?\n：:."))]


def _source(text: str, claims: Claims) -> Source:
    cut = _cut(text)
    return Source(
        frozenset(piece.text for piece in cut), frozenset(_numbers(cut)), frozenset(_pairs(cut)), claims.negates(cut), _order(cut, claims)
    )


def _grounded(clause: str, told: Sequence[Source], claims: Claims) -> bool:
    cut = _cut(clause)
    content = {piece.text for piece in cut if piece.text not in claims.glue}
    numbers = set(_numbers(cut))
    pairs = {pair for pair in _pairs(cut) if not set(pair) & claims.glue}
    negates = claims.negates(cut)
    if not content:
        # Words that only connect may still deny what stands beside them.
        return not negates
    order = _order(cut, claims)
    fitting = [one for one in told if content <= one.words and numbers <= one.numbers and pairs <= one.pairs and negates == one.negates]
    return any(not negates or _runs(order, one.order) for one in fitting)


def _order(cut: list[Piece], claims: Claims) -> tuple[str, ...]:
    return tuple(piece.text for piece in cut if piece.text not in claims.glue)


def _runs(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether a run of `whole` is `part`: what a negation denies depends on where it stands."""
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def _cut(text: str) -> list[Piece]:
    return pieces(fold(in_digits(text)))


def _numbers(cut: list[Piece]) -> list[tuple[str, str]]:
    """Each number with the piece behind it; with nothing where a clause ends there."""
    return [(piece.text, cut[place + 1].text if place + 1 < len(cut) else "") for place, piece in enumerate(cut) if piece.text[0].isdigit()]


def _pairs(cut: list[Piece]) -> list[str]:
    """Neighbouring Chinese characters: characters alone would let words be made anew."""
    return [
        before.text + after.text
        for before, after in pairwise(cut)
        if before.end == after.begin and _is_han(before.text) and _is_han(after.text)
    ]


def _is_han(text: str) -> bool:
    return len(text) == 1 and not text.isascii()
