"""What words ask for and tell of, over all languages at once: viewers mix them, and items are written in others than questions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Final

from streamrec.events.speech import Intent
from streamrec.understanding.answers.languages import LANGUAGES, Words, words
from streamrec.understanding.answers.phrases import Phrases, Piece, pieces
from streamrec.understanding.words import fold

KINDS_OF: Final[dict[Intent, frozenset[str]]] = {
    "ask_price": frozenset({"price", "discount"}),
    "ask_size": frozenset(
        {"size", "fit", "length", "width", "height", "thickness", "capacity", "weight", "count", "load", "age", "memory", "foldable"}
    ),
    "ask_stock": frozenset({"stock", "color"}),
    "ask_delivery": frozenset({"delivery_time", "delivery_cost", "delivery_area", "carrier"}),
}
"""The kinds of facts that a question of an intent is about; one about quality may be about any other."""
LINKS: Final = frozenset({"号", "链", "link", "number", "no", "item"})
"""Words beside the number of a place on the shelf."""
SIDES: Final = frozenset({"length", "width", "height"})
"""What the sizes of several sides tell of."""
_SETTLED: Final = frozenset().union(*KINDS_OF.values())


def kinds_of(intents: Iterable[Intent]) -> frozenset[str]:
    """The kinds of facts that questions of these intents are about; empty where any may be."""
    return frozenset().union(*(KINDS_OF.get(intent, frozenset()) for intent in intents))


def of_other_intents(kinds: frozenset[str]) -> bool:
    """Whether a question about quality is hardly about these kinds of facts."""
    return bool(kinds) and kinds <= _SETTLED


class Lexicon:
    """The tables of all languages."""

    def __init__(self, tables: Iterable[Words]) -> None:
        kinds = [(name, kind, said) for table in tables for name, kind, said in _of_kinds(table)]
        self.keys: Final = Phrases((phrase, kind) for name, kind, phrase in kinds if name == "keys")
        self.asks: Final = Phrases((phrase, kind) for name, kind, phrase in kinds if name == "asks" or (name == "keys" and len(phrase) > 1))
        self.tells: Final = Phrases((phrase, kind) for name, kind, phrase in kinds if name in ("tells", "keys") and len(phrase) > 1)
        self.units: Final = Phrases((unit, kind) for table in tables for kind, units in table.units.items() for unit in units)
        self.wants: Final = {
            want: Phrases((phrase, want) for table in tables for phrase in table.wants[want])
            for want in ("number", "time", "place", "choice", "compare", "together", "yes_no", "clock", "judge")
        }
        self.cues: Final = {cue: Phrases((phrase, cue) for table in tables for phrase in table.cues[cue]) for cue in ("price", "stock")}
        self.colours: Final = Phrases((word, word) for table in tables for word in table.colours["words"])
        self.idle: Final = Phrases((word, "idle") for table in tables for word in table.idle["words"])

    def kinds_of_key(self, key: str) -> frozenset[str]:
        """What a field of that name tells of: by the whole name, else by the phrases in it."""
        if kinds := self.keys.exactly(key.replace("_", " ")):
            return kinds
        found = self.keys.find(_cut(key.replace("_", " ")))
        return frozenset().union(*(one.meanings for one in found))

    def kinds_of_words(self, cut: list[Piece]) -> frozenset[str]:
        """What a sentence tells of: by its words and by the units of its numbers."""
        told = frozenset[str]().union(*(one.meanings for one in self.tells.find(cut)))
        for before, unit in pairwise(cut):
            if before.text[-1].isdigit():
                told |= self.units.exactly(unit.text)
        return told | SIDES if "size" in told and _several_sides(cut) else told


def _several_sides(cut: list[Piece]) -> bool:
    """Whether numbers stand as in 40 x 60 or 长40宽60."""
    numbers = [place for place, piece in enumerate(cut) if piece.text[0].isdigit()]
    return any(later - place <= 3 for place, later in pairwise(numbers))


def _of_kinds(table: Words) -> Iterable[tuple[str, str, str]]:
    return ((name, kind, phrase) for kind, lists in table.kinds.items() for name, phrases in lists.items() for phrase in phrases)


def _cut(text: str) -> list[Piece]:
    return pieces(fold(text))


@cache
def lexicon() -> Lexicon:
    """The lexicon of all languages that have words."""
    return Lexicon([words(language) for language in LANGUAGES])
