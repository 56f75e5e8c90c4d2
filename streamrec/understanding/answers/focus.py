"""Which part of a comment asks: viewers add why they ask ("重不重啊 我腱鞘炎") and what about ("3号链接", "the pan")."""

from __future__ import annotations

from collections.abc import Collection

import regex

from streamrec.understanding.answers.lexicon import LINKS, lexicon
from streamrec.understanding.answers.phrases import Piece
from streamrec.understanding.answers.terms import Reading, weigh

_BREAK = regex.compile(r"(?V1)[,，。.!！?？;；~～…]|(?<=\p{Han})\s|\s(?=\p{Han})")
_NAMING = 0.25
"""A word that names the item or its colour says what is asked about, and little of what is asked."""


def focus(question: Reading, named: Collection[str]) -> dict[str, float]:
    """The terms of what is asked with their weights. `named` are the terms that name the item and its variants."""
    clauses = _clauses(question)
    asking = [clause for clause in clauses if _asks([question.cut[place] for place in clause])] or clauses
    aside = question.idle | links_of(question) | (set(range(len(question.cut))) - {place for clause in asking for place in clause})
    terms = weigh(question.cut, frozenset(aside))
    return {term: weight * (_NAMING if term in named else 1.0) for term, weight in terms.items()}


def _clauses(question: Reading) -> list[list[int]]:
    clauses: list[list[int]] = [[]]
    last: Piece | None = None
    for place, piece in enumerate(question.cut):
        if last is not None and _BREAK.search(question.folded, last.end, piece.begin):
            clauses.append([])
        clauses[-1].append(place)
        last = piece
    return [clause for clause in clauses if clause]


def _asks(clause: list[Piece]) -> bool:
    tables = lexicon()
    return bool(tables.asks.find(clause)) or any(
        tables.wants[want].find(clause) for want in ("number", "time", "place", "choice", "yes_no")
    )


def links_of(question: Reading) -> set[int]:
    """The places of shelf numbers: 3号, 三号链接, link 3, #3."""
    cut = question.cut
    links: set[int] = set()
    for place, piece in enumerate(cut):
        if piece.text.isdigit() and question.folded[piece.begin - 1 : piece.begin] == "#":
            links.add(place)
        before, after = cut[place - 1].text if place else "", cut[place + 1].text if place + 1 < len(cut) else ""
        if (piece.text.isdigit() or piece.text in "一二三四五六七八九十") and (after in LINKS or before in LINKS):
            links |= {place, place + 1 if after in LINKS else place - 1}
            back = place - 1
            while back >= 0 and cut[back].text in "一二三四五六七八九十":
                links.add(back)
                back -= 1
    return links
