"""An index of the items of a shelf by what a host says of them: words and their sounds, prices, and numbers with units."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import regex

from streamrec.events.types import Item
from streamrec.understanding.bits import slots
from streamrec.understanding.host.commonplaces import PAIRS, WORDS
from streamrec.understanding.names import Names
from streamrec.understanding.normalise import Normal, normalise
from streamrec.understanding.spoken import COUNT, MONEY, Spoken, spoken

_PIECES = regex.compile(r"(?V1)[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}]\p{M}*|[\p{L}--\p{Han}][\p{L}\p{M}'--\p{Han}]*")
TITLE, BRAND, CATEGORY, EXTRA, ATTRIBUTE, DESCRIPTION, NAME = 1.0, 1.1, 0.9, 0.7, 0.7, 0.5, 0.1
"""How much a word of each field tells."""
_EXTRAS = regex.compile(r"\s+(?:for|with)\s+", regex.IGNORECASE)


class Hit(NamedTuple):
    """A word of items, or a pair of neighbours."""

    start: int
    end: int
    items: dict[int, float]
    """By place on the shelf how much the field tells in which the word stands."""
    rarity: float
    by_sound: bool
    """Whether it only sounds like theirs."""


class Shelf:
    """The items of a shelf in its order; None stands for an item that is not known.

    What a word tells of an item is the logarithm of how rare it is on the shelf: all pans are non-stick, one is of cast iron.
    """

    def __init__(self, items: Sequence[Item | None], ids: Sequence[str] | None = None) -> None:
        """Index items. `ids` names all places, also those of unknown items."""
        self.ids: list[str | None] = list(ids) if ids is not None else [item.item_id if item else None for item in items]
        self.place_of = {item_id: place for place, item_id in enumerate(self.ids) if item_id is not None}
        self._names = Names(items)
        self._words: dict[str, dict[int, float]] = defaultdict(dict)
        self._numbers: dict[tuple[str, float], dict[int, float]] = defaultdict(dict)
        self._rarest = math.log1p(max(1, len(items)))
        for place, item in enumerate(items):
            if item is not None:
                self._add(place, item)

    def __len__(self) -> int:
        return len(self.ids)

    def words(self, normal: Normal) -> Iterator[Hit]:
        """What the words of a text tell of items, in the order of the text."""
        for start, end, written, heard in _keys(normal):
            fields, by_sound = self._words.get(written), False
            if fields is None:
                fields, by_sound = self._words.get(heard) if heard else None, True
            if fields:
                yield Hit(start, end, fields, self.rarity(len(fields)), by_sound)

    def kinds(self, normal: Normal) -> Iterator[Hit]:
        """What words for kinds tell that need not stand in the items' own texts: 尿不湿 of nappies, "yoga mat" of 瑜伽垫."""
        for cue in self._names.cues(normal):
            if cue.manner == "kind":
                of = slots(cue.closer or cue.items)
                yield Hit(cue.start, cue.end, dict.fromkeys(of, CATEGORY), self.rarity(len(of)), by_sound=False)

    def priced(self, number: Spoken) -> dict[int, float]:
        """The items that have this price, with what that tells."""
        fields: dict[int, float] = {}
        if number.kind in (MONEY, ""):
            for value in number.values:
                fields.update(self._numbers.get((MONEY, value), {}))
        return self._told(fields)

    def measured(self, number: Spoken) -> dict[int, float]:
        """The items of which a field states this amount, or this number where the host says no unit."""
        fields: dict[int, float] = {}
        for amount in number.amounts():
            fields.update(self._numbers.get((number.kind, amount), {}))
        return self._told(fields)

    def rarity(self, items: int) -> float:
        """What it tells that something is true of so many items of the shelf: nothing where it is of all."""
        return max(0.0, math.log((len(self) + 1) / max(1, items)))

    def _told(self, fields: dict[int, float]) -> dict[int, float]:
        rarity = self.rarity(len(fields))
        return {place: weight * rarity for place, weight in fields.items()}

    def _add(self, place: int, item: Item) -> None:
        # A word by which shops name attributes (容量, 颜色) is one of all items that have it: that makes it tell less.
        names = ((NAME, name) for name in item.attributes)
        values = ((ATTRIBUTE, value) for value in item.attributes.values())
        # What follows "for" and "with" are uses and extras, which other items may have in their names.
        name, *extras = _EXTRAS.split(item.title, maxsplit=1)
        titles = ((TITLE, name), *((EXTRA, extra) for extra in extras))
        for weight, text in (*names, *values, (DESCRIPTION, item.description), (CATEGORY, item.category), *titles, (BRAND, item.brand)):
            if not text:
                continue
            normal = normalise(text)
            for _, _, written, heard in _keys(normal):
                for key in (written, heard):
                    if key:
                        self._words[key][place] = max(weight, self._words[key].get(place, 0.0))
            for number in spoken(normal.text):
                for amount in number.amounts() if number.kind != COUNT else ():
                    self._numbers[number.kind, amount][place] = weight
                # Hosts leave out units: 三一六的内胆.
                self._numbers["", number.values[0]][place] = weight
        self._numbers[MONEY, float(item.price)][place] = TITLE


def _keys(normal: Normal) -> Iterator[tuple[int, int, str, str | None]]:
    """Start, end and the keys of words and of pairs of neighbours: how they are written and how they sound.

    A Chinese character says little alone. Recognisers write BlendGo as two words, and 不粘锅 with others of the same sound.
    """
    before: tuple[int, int, str, str, bool] | None = None
    # What a unit is of is read with its number.
    measures = [(number.start, number.end) for number in spoken(normal.text) if number.kind not in ("", COUNT)]
    for match in _PIECES.finditer(normal.text):
        start, end, piece = match.start(), match.end(), match[0]
        if any(first <= start < last for first, last in measures):
            continue
        single = end - start > 1 and not regex.match(r"\p{Han}", piece)
        if single:
            piece = piece[:-1] if len(piece) > 3 and piece.endswith("s") and not piece.endswith("ss") else piece
            common = piece in WORDS
            heard = skeleton(piece)
            if not common:
                yield start, end, piece, f"~{heard}" if len(heard) > 2 else None
        else:
            common, heard = False, normal.pinyin[start]
        if before and start - before[1] <= single + before[4] and single == before[4]:
            pair = before[2] + piece
            if single:
                joined = skeleton(pair)
                if not (common and before[2] in WORDS):
                    yield before[0], end, pair, f"~{joined}" if len(joined) > 3 else None
            elif pair not in PAIRS:
                yield before[0], end, pair, f"~{before[3]} {heard}" if heard != piece else None
        before = (start, end, piece, heard, single)


def skeleton(word: str) -> str:
    """How a Latin word sounds, roughly: its first letter and its consonants, one for all that sound alike."""
    letters = word.replace("'", "").replace("ph", "f").replace("ck", "k").translate(_ALIKE)
    kept = "".join(letter for at, letter in enumerate(letters) if not at or letter not in "aeiouwh")
    return "".join(letter for at, letter in enumerate(kept) if not at or letter != kept[at - 1])


_ALIKE = str.maketrans("cqzy", "kksi")
