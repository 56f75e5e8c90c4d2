"""Cuts what a host said, which has no punctuation, into clauses: at breaths, particles and fillers."""

from __future__ import annotations

from typing import NamedTuple

import regex

# A recogniser writes a breath of Chinese as a space; between Latin words a space says nothing.
_CUT = regex.compile(
    r"(?V1)(?<=[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}])\s+|\s+(?=[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}])"
    r"|[,;!?。，；！？、…]+\s*|(?<!\d)\.\s*|\.(?!\d)\s*"
    # Particles end a clause; fillers and connectives begin one.
    r"|(?<=\p{Han}\p{Han}[啊呢吧嘛哦噢])(?=\p{Han})|(?<=\p{Han})(?=(?:呃|嗯|哎|然后|但是|不过|所以|而且|还有就是)\p{Han})"
    r"|(?<=[a-z'])(?<!\band)\s+(?=(?:um|uh|okay|ok|so|but|alright|anyway|because|also|and\s+(?:it|it's|its|you|we|i|they|the|there|this|that|no)"
    r"|it's|we|you\s+guys|y'all|honestly|by\s+the\s+way)\b)|(?<=\b(?:okay|guys|y'all|um|uh|please))\s+",
    regex.IGNORECASE,
)


class Clause(NamedTuple):
    """A part of a text."""

    start: int
    end: int
    text: str


def clauses(text: str) -> list[Clause]:
    """The clauses of a text, none of them blank, each as it stands in the text from `start` to `end`."""
    found, at = [], 0
    for match in [*_CUT.finditer(text), None]:
        start, end = (len(text), len(text)) if match is None else match.span()
        part = text[at:start]
        if stripped := part.strip():
            first = at + len(part) - len(part.lstrip())
            found.append(Clause(first, first + len(stripped), stripped))
        at = end
    return found
