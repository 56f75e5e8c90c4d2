"""What selling points must not claim, by language. An owner's file adds to what comes with streamrec."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from streamrec.errors import InputError
from streamrec.understanding.answers.phrases import Phrases, Piece, pieces
from streamrec.understanding.words import fold

FOLDER = Path(__file__).with_name("claims")


class _Language(msgspec.Struct, forbid_unknown_fields=True):
    banned: list[str] = []
    glue: list[str] = []
    negations: list[str] = []


@dataclass(frozen=True, slots=True)
class Claims:
    """Phrases that are banned, words that connect facts and claim nothing, and words that negate, of all languages: texts mix them."""

    banned_phrases: Phrases
    glue: frozenset[str]
    negations: Phrases

    def banned(self, text: str) -> list[str]:
        """The banned phrases of a text."""
        cut = pieces(fold(text))
        return sorted(meaning for one in self.banned_phrases.find(cut) for meaning in one.meanings)

    def negates(self, cut: list[Piece]) -> bool:
        """Whether a clause says that something is not so."""
        return bool(self.negations.find(cut))


def read_claims(path: Path | None = None) -> Claims:
    """The claims that come with streamrec and those of an owner's TOML file: a table for each language with `banned`, `glue`, `negations`.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    own: dict[str, _Language] = {}
    if path is not None:
        try:
            own = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, _Language])
        except (OSError, ValueError) as exc:
            raise InputError(f'{path} holds no claims: {exc}; give a table for each language, such as [en] with banned = ["…"]') from exc
    tables = [*_packaged(), *own.values()]
    glue = frozenset(piece.text for table in tables for word in table.glue for piece in pieces(fold(word)))
    return Claims(
        Phrases((phrase, phrase) for table in tables for phrase in table.banned),
        glue,
        Phrases((word, "not") for table in tables for word in table.negations),
    )


@cache
def _packaged() -> tuple[_Language, ...]:
    return tuple(msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Language) for path in sorted(FOLDER.glob("*.toml")))
