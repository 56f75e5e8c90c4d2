"""Kinds of goods in many languages: which a text speaks of, and which kind a title is of."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import regex

from streamrec.understanding.words import fold

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Line_Break=SA}"
_PIECES = regex.compile(rf"(?V1)(?P<joined>[{_UNSPACED}]+)|(?P<token>[[\p{{L}}\p{{M}}\p{{N}}']--[{_UNSPACED}]]+)")
_JOINED = regex.compile(rf"(?V1)[{_UNSPACED}]")
# A mark of a cluster cannot begin a word: a shorter word that ends inside of a cluster is another one.
_MARK = regex.compile(r"\p{M}")
_MOST_TOKENS = 4
_SHORT = 3
_WORDS_OF_ONE = 2
"""A line is of another one's kind if that many of its words end in words of that line."""
# What an item is for, and what comes with it, stands behind such a word; what it is stands before.
_FOR = regex.compile(
    r"[|,(/–—\-]\s|,|\(|(?<![\p{L}])(?:with|for|in|fits|compatible|from|by|con|para|de regalo|cho|với|dành cho|для|с)(?![\p{L}])"
)
_USED_WITH = regex.compile(r"的|(?:[/、和及]?\w{0,3})?(?:通用|专用|适用|可用|两用|兼容|配件)")
_USED_FOR = regex.compile(r"(?:适用于?|兼容|for)\s?[^的\s]{0,3}$")
_LATIN = regex.compile(r"\p{Latin}")
_ACCENTED = regex.compile(r"(?i)[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉĩịọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]")
_ARABIC_PREFIX = regex.compile(r"^(?:و|ف|ب|ل|ك)?(?:ال|لل)(?=\p{Arabic}{2})")
_RUSSIAN_ENDING = regex.compile(
    r"(?<=\p{Cyrillic}{3})(?:ами|ями|ого|его|ому|ему|ов|ев|ей|ой|ый|ий|ая|яя|ое|ую|ые|ие|ах|ях|ам|ям|а|я|о|е|у|ю|ы|и|ь)$"
)


class Spotted(NamedTuple):
    """A kind that a text speaks of: where, by which word, and its lines in the table."""

    start: int
    end: int
    word: str
    rows: frozenset[int]


class Sort(NamedTuple):
    """What a title is: the lines of its kind, and of what else it calls itself."""

    main: frozenset[int]
    others: frozenset[int]


class Kinds:
    """The table of kinds. A line is named by any of its words; a group by its own words, and it holds the lines below it."""

    def __init__(self, lines: list[str]) -> None:
        self._rows_of: dict[str, set[int]] = defaultdict(set)
        self.groups: dict[int, set[int]] = defaultdict(set)
        """By line the groups that hold it."""
        plain: dict[str, set[int]] = defaultdict(set)
        group = -1
        for row, line in enumerate(lines):
            if line.startswith("=="):
                group = row
            elif group >= 0:
                self.groups[row].add(group)
            for word in line.removeprefix("== ").split(","):
                self._rows_of[key(word)].add(row)
                # Without its accents a short word is another one: tô is a bowl, to is not.
                if (without := key(word, folded=True)) == key(word) or len(without) > _SHORT:
                    plain[without].add(row)
        self._rows_of.pop("", None)
        for word, rows in plain.items():
            if word.isascii() and word and word not in self._rows_of:
                self._rows_of[word] = rows
        self._lines = {word: frozenset(rows) for word, rows in self._rows_of.items()}
        self._reach: dict[str, int] = defaultdict(int)
        """By its first character the length of the longest word of a script without spaces."""
        for word in filter(_joined, self._lines):
            self._reach[word[0]] = max(self._reach[word[0]], len(word))
        self._plain = {word: frozenset(rows) for word, rows in plain.items()}
        ends = Counter(
            (row, wider) for word, rows in self._lines.items() for wider in self._with_shorter(word) for row in rows if wider not in rows
        )
        wider_of: dict[int, set[int]] = defaultdict(set)
        for (row, wider), count in ends.items():
            if count >= _WORDS_OF_ONE:
                wider_of[row].add(wider)
        self._wider = {
            word: self._with_shorter(word) | {wider for row in rows for wider in wider_of.get(row, ())}
            for word, rows in self._lines.items()
        }

    def rows(self, word: str) -> frozenset[int]:
        """The lines that hold the word."""
        return self._lines.get(word) or self._lines.get(key(word), frozenset())

    def wider(self, word: str) -> frozenset[int]:
        """The lines that hold the word, or a shorter word of the same group that it ends in (炒锅: 锅; frying pan: pan)."""
        return self._wider.get(word) or self._wider.get(key(word), frozenset())

    def find(self, text: str) -> list[Spotted]:
        """The kinds that a normalised text speaks of, each by the longest word from its place on."""
        found: list[Spotted] = []
        tokens: list[tuple[int, int, str]] = []
        # Vietnamese tells đèn (a lamp) from đen (black) by accents alone; who leaves them out leaves out all of them.
        accents = _ACCENTED.search(text) is not None
        lines = self._lines if accents else self._plain
        for match in _PIECES.finditer(text):
            if match.lastgroup == "joined":
                found += self._in_run(match[0], match.start(), text)
            else:
                tokens.append((match.start(), match.end(), key(match[0], folded=not accents)))
        place = 0
        while place < len(tokens):
            for count in range(min(_MOST_TOKENS, len(tokens) - place), 0, -1):
                word = " ".join(token for _, _, token in tokens[place : place + count])
                if (rows := lines.get(word)) is not None:
                    found.append(Spotted(tokens[place][0], tokens[place + count - 1][1], word, rows))
                    place += count - 1
                    break
            place += 1
        return sorted(found)

    def sort(self, title: str, category: str) -> Sort:
        """What an item is, by its normalised title and category."""
        of_category = frozenset[int]().union(*(self.wider(each.word) for each in self.find(category)))
        near = of_category | {group for row in of_category for group in self.groups.get(row, ())}
        spotted = [each for each in self.find(title) if len(each.word) > 1 or each.word in category]
        if not spotted:
            return Sort(of_category, frozenset())
        if _joined(spotted[0].word):
            heads = _of_joined(title, spotted)
            first = next((each for each in heads if near & self._around(each.word) and not self._is_group(each)), heads[0])
            main, around = self.wider(first.word), self._around(first.word)
            others = [each.word for each in heads if around & self._around(each.word) or near & self._around(each.word)]
        else:
            compound, rest = _of_spaced(title, spotted)
            main = frozenset[int]().union(*(self.wider(each.word) for each in compound))
            others = [each.word for each in rest]
        return Sort(main, frozenset[int]().union(of_category, *map(self.wider, others)) - main)

    def _in_run(self, run: str, offset: int, text: str) -> list[Spotted]:
        words = [self._longest_at(run, place) for place in range(len(run))]
        found, place = [], 0
        while place < len(run):
            size = words[place]
            # 无线充电宝: the word that begins later (充电宝) is the head.
            if size and not any(words[later] >= max(size, 2) for later in range(place + 1, place + size)):
                word = run[place : place + size]
                found.append(Spotted(offset + place, offset + place + size, word, self._lines[word]))
                place += size - 1
            place += 1
        # T恤 begins with a letter.
        if offset and text[offset - 1].isascii() and text[offset - 1].isalpha():
            for size in range(min(4, len(run)), 0, -1):
                word = text[offset - 1] + run[:size]
                if word in self._lines:
                    return [
                        Spotted(offset - 1, offset + size, word, self._lines[word]),
                        *(each for each in found if each.start >= offset + size),
                    ]
        return found

    def _longest_at(self, run: str, place: int) -> int:
        for size in range(min(self._reach.get(run[place], 0), len(run) - place), 0, -1):
            if run[place : place + size] in self._lines and not _MARK.match(run, place + size):
                return size
        return 0

    def _is_group(self, each: Spotted) -> bool:
        return all(row not in self.groups for row in each.rows)

    def _around(self, word: str) -> frozenset[int]:
        rows = self.wider(word)
        return rows | {group for row in rows for group in self.groups.get(row, ())}

    def _with_shorter(self, word: str) -> frozenset[int]:
        rows = self._lines[word]
        groups = {group for row in rows for group in self.groups.get(row, ())} | rows
        shorter = (
            [word[at + 1 :] for at, sign in enumerate(word) if sign == " "] if " " in word else [word[at:] for at in range(1, len(word))]
        )
        if " " not in word and not _joined(word):
            return rows
        return rows.union(*(self._lines[end] for end in shorter if end in self._lines and groups & self._groups_of(end)))

    def _groups_of(self, word: str) -> set[int]:
        return {group for row in self._lines[word] for group in self.groups.get(row, ())}


def _joined(word: str) -> bool:
    """Whether the word is of a script without spaces."""
    return _JOINED.search(word) is not None


def _of_joined(title: str, spotted: list[Spotted]) -> list[Spotted]:
    """The words that say what the item is: no modifiers of the next word, nothing that it is used with."""
    heads = [
        each
        for place, each in enumerate(spotted)
        if not (place + 1 < len(spotted) and spotted[place + 1].start == each.end)
        and not _USED_WITH.match(title, each.end)
        and not _USED_FOR.search(title[max(0, each.start - 6) : each.start])
    ]
    return heads or spotted


def _of_spaced(title: str, spotted: list[Spotted]) -> tuple[list[Spotted], list[Spotted]]:
    """The words of the first compound (sunset lamp projector), and those behind it up to what the item comes with or is for."""
    end = next((match.start() for match in _FOR.finditer(title) if match.start() > spotted[0].start), len(title))
    inside = [each for each in spotted if each.end <= end] or spotted[:1]
    size = 1
    while size < len(inside) and inside[size].start - inside[size - 1].end <= 1:
        size += 1
    return inside[:size], inside[size:]


@cache
def kinds() -> Kinds:
    """The table that comes with streamrec."""
    lines = (Path(__file__).parent / "kinds.txt").read_text("utf-8").splitlines()
    return Kinds([line for line in lines if line and not line.startswith("#")])


@lru_cache(4096)
def key(word: str, folded: bool = False) -> str:
    """The form in which a word of the table, a title or a comment is looked up; `folded` without the accents of Latin letters."""
    tokens = [stem(fold(token) if folded or not _LATIN.search(token) else token.lower()) for token in word.split()]
    return " ".join(tokens).replace("đ", "d") if folded else " ".join(tokens)


@lru_cache(65536)
def stem(token: str) -> str:
    """A folded word without the plural of English and Spanish, the article of Arabic and the endings of Russian."""
    if token.isascii():
        if len(token) > 4 and token.endswith("ies"):
            return token[:-3] + "y"
        if len(token) > 4 and token.endswith(("ches", "shes", "xes", "sses")):
            return token[:-2]
        return token[:-1] if len(token) > 3 and token.endswith("s") and not token.endswith(("ss", "us")) else token
    return str(_RUSSIAN_ENDING.sub("", _ARABIC_PREFIX.sub("", token)))
