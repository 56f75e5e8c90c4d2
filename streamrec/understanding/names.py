"""An index over the items of a shelf: what a comment calls by kind, brand, or words of a title, in any script and by its sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import regex

from streamrec.events.types import Item
from streamrec.understanding import bits
from streamrec.understanding.alike import alike, one_off
from streamrec.understanding.boundaries import alone, stands_alone
from streamrec.understanding.characters import syllables
from streamrec.understanding.generic import generic, generic_span
from streamrec.understanding.kinds import key, kinds, stem
from streamrec.understanding.normalise import Normal, normalise
from streamrec.understanding.phrases import MEASURES
from streamrec.understanding.sizes import SIZES, size_of, sizes
from streamrec.understanding.words import fold

_HAN_RUNS = regex.compile(r"\p{Han}{2,}")
_TOKENS = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Hebrew}\p{Greek}\p{M}\p{N}]+(?:['’-][\p{Latin}\p{M}\p{N}]+)*")
_HEADS = regex.compile(rf"(?:(?P<pointed>[那这]{MEASURES})|)(?P<head>\p{{Han}})(?:子|(?!\p{{Han}}))")
# Two characters of Chinese, Japanese or Korean are a word in most cases; of Thai and its like four letters say as much.
_SPANS = (
    (regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー]{2,}"), 2),
    (regex.compile(r"\p{Line_Break=SA}{4,}"), 4),
)
_MOST_LATIN = 4
_LONG_TOKEN = 6
GUESSED = 0.7
"""The weight of words of a title; those of the table of kinds and brands have 1."""
Manner = Literal["kind", "brand", "word", "amount"]


class Cue(NamedTuple):
    """Words that point at items: where they stand, at which items (a bit each), in which manner, and how sure that is."""

    start: int
    end: int
    items: int
    manner: Manner
    weight: float
    closer: int = 0
    """Those of the items that are first of all of that kind."""


class Names:
    """The items of a shelf in its order; None stands for an item that is not known."""

    def __init__(self, items: Sequence[Item | None]) -> None:
        self.ids = [item.item_id if item is not None else None for item in items]
        self.slots = {item: slot for slot, item in reversed(list(enumerate(self.ids))) if item is not None}
        self.titles = [""] * len(items)
        self.about = [""] * len(items)
        """By slot all that its record says in short: title, category, brand, attributes."""
        self._called: list[set[str]] = [set() for _ in items]
        """By slot the words for kinds in its title."""
        self._sorted = 0
        """The items whose kind the table knows."""
        self._main: dict[int, int] = defaultdict(int)
        self._others: dict[int, int] = defaultdict(int)
        self._heads: dict[str, int] = defaultdict(int)
        """By the last character of words for their kind: 行李箱 is a 箱子."""
        self._brands: dict[str, int] = defaultdict(int)
        self._grams: dict[str, int] = defaultdict(int)
        self._tokens: dict[str, int] = defaultdict(int)
        self._long: dict[str, set[str]] = defaultdict(set)
        """By their first letter the tokens in which one letter may be wrong."""
        self._amounts: dict[str, int] = defaultdict(int)
        self._sounds: dict[tuple[str, ...], int] = defaultdict(int)
        self._spelled: dict[str, int] = defaultdict(int)
        for slot, item in enumerate(items):
            if item is not None:
                self._put(slot, item)
        self._reach: dict[str, int] = defaultdict(int)
        """By its first syllable the length of the longest name."""
        for sounds in self._sounds:
            self._reach[sounds[0]] = max(self._reach[sounds[0]], len(sounds))

    def cues(self, normal: Normal) -> list[Cue]:
        """What in a comment points at items, in the order of the text; what overlaps something surer is left out."""
        text = normal.text
        found = [*self._by_kind(text), *self._by_brand(text), *self._by_amount(text)]
        found += self._by_head(text, found)
        found += self._by_spans(text, found)
        found += self._by_token(text, found)
        found += self._by_sound(normal, found)
        return sorted(found)

    def knows(self, slot: int, word: str) -> bool:
        """Whether the record of an item says the word."""
        return word in self.about[slot]

    def _put(self, slot: int, item: Item) -> None:
        bit, title = 1 << slot, normalise(item.title).text
        category = normalise(item.category or "").text
        brand = normalise(item.brand or "").text
        values = [normalise(str(value)).text for value in item.attributes.values()]
        self.titles[slot] = title
        self.about[slot] = " ".join((title, category, brand, *values))
        table = kinds()
        sort = table.sort(title, category)
        if sort.main:
            self._sorted |= bit
        for row in sort.main:
            self._main[row] |= bit
        for row in sort.others:
            self._others[row] |= bit
        for group in {group for row in sort.main for group in table.groups.get(row, ())}:
            self._others[group] |= bit
        for name in {brand, fold(brand)} - {""}:
            self._brands[name] |= bit
            self._sound(name, bit)
        for spotted in table.find(title):
            rows = spotted.rows
            self._called[slot].add(spotted.word)
            self._called[slot].add(key(spotted.word, folded=True))
            if rows & (sort.main | sort.others):
                self._sound(spotted.word, bit)
            if rows & sort.main and _HAN_RUNS.fullmatch(spotted.word):
                self._heads[spotted.word[-1]] |= bit
        for runs, size in _SPANS:
            for run in runs.findall(title):
                for at in range(len(run) - size + 1):
                    self._grams[run[at : at + size]] |= bit
        for run in _HAN_RUNS.findall(title):
            sounds = alike(syllables(run))
            for size in (3, 4):
                for at in range(len(run) - size + 1):
                    self._sounds[sounds[at : at + size]] |= bit
        for token in map(stem, map(fold, _TOKENS.findall(f"{title} {category}"))):
            self._tokens[token] |= bit
            if len(token) >= _LONG_TOKEN - 1:
                self._long[token[0]].add(token)
        for amount in sizes(self.about[slot]):
            self._amounts[amount] |= bit

    def _sound(self, word: str, bit: int) -> None:
        if regex.fullmatch(r"\p{Han}{2,6}", word):
            sounds = syllables(word)
            self._sounds[alike(sounds)] |= bit
            self._spelled["".join(sounds)] |= bit

    def _by_kind(self, text: str) -> Iterator[Cue]:
        for spotted in kinds().find(text):
            if len(spotted.word) == 1 and not stands_alone(text, spotted.start, spotted.end):
                continue
            main = bits.union(self._main, spotted.rows)
            items = main | bits.union(self._others, spotted.rows)
            if items:
                # An item that calls itself so is meant before one that is of the same kind by another word.
                same = bits.of(slot for slot in bits.each(items) if spotted.word in self._called[slot])
                yield Cue(spotted.start, spotted.end, items, "kind", 1.0, same & main or same or main)

    def _by_head(self, text: str, taken: list[Cue]) -> list[Cue]:
        """那个箱子, 箱子: a kind by the last character of its word, outside of longer words."""
        found = []
        for match in _HEADS.finditer(text):
            items, pointed = self._heads.get(match["head"], 0), match["pointed"] is not None
            start, end = match.start("head"), match.end()
            if not items or any(cue.start < end and start < cue.end for cue in taken):
                continue
            if pointed:
                found.append(Cue(start, end, items, "kind", 1.0))
            elif end - start > 1 and stands_alone(text, start, end):
                found.append(Cue(start, end, items, "word", GUESSED))
        return found

    def _by_brand(self, text: str) -> Iterator[Cue]:
        for name, items in self._brands.items():
            at = text.find(name)
            if at >= 0 and (not name[0].isascii() or alone(text, at, at + len(name))):
                yield Cue(at, at + len(name), items, "brand", 1.0)

    def _by_amount(self, text: str) -> Iterator[Cue]:
        for match in SIZES.finditer(text):
            if items := self._amounts.get(size_of(match)):
                yield Cue(match.start(), match.end(), items, "amount", 0.8)

    def _by_spans(self, text: str, taken: list[Cue]) -> list[Cue]:
        """Longest spans of titles, in scripts without spaces."""
        found: list[Cue] = []
        for runs, size in _SPANS:
            for match in runs.finditer(text):
                run, place = match[0], 0
                while place <= len(run) - size:
                    end, items = self._span(run, place, size)
                    if items and not generic_span(run[place:end]):
                        start, stop = match.start() + place, match.start() + end
                        if not any(cue.start < stop and start < cue.end for cue in taken):
                            found.append(self._word(start, stop, items))
                    place = end - size + 2 if items else place + 1
        return found

    def _span(self, run: str, place: int, size: int) -> tuple[int, int]:
        """The end of the longest span of titles that begins at the place of the run, and the items whose titles hold it."""
        items, end = self._grams.get(run[place : place + size], 0), place + size
        while items and end < len(run) and (more := items & self._grams.get(run[end - size + 1 : end + 1], 0)):
            items, end = more, end + 1
        return end, bits.of(slot for slot in bits.each(items) if run[place:end] in self.titles[slot])

    def _word(self, start: int, end: int, items: int) -> Cue:
        """A cue of a word of titles. Of an item whose kind the table does not know any word may be the kind."""
        unsorted = items & ~self._sorted
        return Cue(start, end, unsorted or items, "kind" if unsorted else "word", GUESSED)

    def _by_token(self, text: str, taken: list[Cue]) -> list[Cue]:
        found = []
        spans = [(match.start(), match.end(), match[0]) for match in _TOKENS.finditer(text)]
        for start, end, word in spans:
            if any(cue.start < end and start < cue.end for cue in taken):
                continue
            token = stem(fold(word))
            if len(token) >= 3 and not token.isdecimal() and token not in generic():
                items = self._tokens.get(token, 0) or (self._tokens.get(near, 0) if (near := self._near(token)) else 0)
                if items:
                    found.append(self._word(start, end, items))
        return found + self._by_spelling(spans, [*taken, *found])

    def _by_spelling(self, spans: list[tuple[int, int, str]], taken: list[Cue]) -> list[Cue]:
        """Chinese names in Latin letters, in one word or a syllable a word: yurongfu, yu rong fu."""
        found = []
        for first in range(len(spans)):
            word = ""
            for start, end, token in spans[first : first + _MOST_LATIN]:
                word += token
                if len(word) >= 5 and word in self._spelled and not any(cue.start < end and spans[first][0] < cue.end for cue in taken):
                    found.append(Cue(spans[first][0], end, self._spelled[word], "kind", 0.8))
                    break
                del start
        return found

    def _near(self, token: str) -> str | None:
        """A token of the titles that differs from a long one by a letter left out, added, changed, or by two that are swapped."""
        if len(token) < _LONG_TOKEN or not token.isalpha() or not token.isascii():
            return None
        return next((known for known in self._long[token[0]] if abs(len(known) - len(token)) <= 1 and one_off(known, token)), None)

    def _by_sound(self, normal: Normal, taken: list[Cue]) -> list[Cue]:
        """Names that are written with other characters of the same sound."""
        found: list[Cue] = []
        sounds = alike(normal.pinyin)
        for match in _HAN_RUNS.finditer(normal.text):
            place = match.start()
            while place < match.end() - 1:
                for size in range(min(self._reach.get(sounds[place], 0), match.end() - place), 1, -1):
                    end = place + size
                    items = self._sounds.get(sounds[place:end], 0)
                    if not items or any(cue.start < end and place < cue.end for cue in taken):
                        continue
                    span = normal.text[place:end]
                    # Of two syllables one character must be right: there are only some four hundred syllables.
                    if size == 2:
                        items = bits.of(slot for slot in bits.each(items) if span[0] in self.titles[slot] or span[1] in self.titles[slot])
                        if not items or not stands_alone(normal.text, place, end):
                            continue
                    if not generic_span(span):
                        found.append(Cue(place, end, items, "kind" if size == 2 else "word", GUESSED))
                        place = end - 1
                        break
                place += 1
        return found
