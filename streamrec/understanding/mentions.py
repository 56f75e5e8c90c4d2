"""Finds the items that a danmaku speaks of, by shelf position ("number 3", "3号", "#3") or by the words of their titles."""

from __future__ import annotations

import math
import re
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.words import words

LEAST_SHARE = 0.34
"""Least share of a title's information that must be named."""
ENOUGH = 0.5
"""The share from which on an item counts as named outright: hardly anybody writes a whole title."""
MOST_ITEMS = 3
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九十")}
_POSITION = re.compile(
    r"(?:#|\bno\.?|\bnumber|\bnr\.?|\blink|\bitem)\s*(\d{1,3})\b|(\d{1,3})\s*号|第?([一二三四五六七八九十])号|(?:链接|号码)\s*(\d{1,3})",
    re.IGNORECASE,
)


class TitleIndex:
    """Words of titles to slots. A rare word says more than a common one: each is weighed by its inverse document frequency."""

    def __init__(self) -> None:
        self._slots_of: dict[str, set[int]] = defaultdict(set)
        self._words_of: dict[int, frozenset[str]] = {}
        self._whole: dict[int, float] = {}
        """Information of whole titles, as far as it was asked for since the last change."""

    def put(self, slot: int, title: str) -> None:
        """Index a title, in place of the slot's former one."""
        self.remove(slot)
        self._words_of[slot] = frozenset(words(title))
        for word in self._words_of[slot]:
            self._slots_of[word].add(slot)

    def remove(self, slot: int) -> None:
        """Forget the title of a slot."""
        self._whole.clear()
        for word in self._words_of.pop(slot, ()):
            self._slots_of[word].discard(slot)
            if not self._slots_of[word]:
                del self._slots_of[word]

    def mentions(self, text: str, shelf: NDArray[np.int32] | None = None) -> dict[int, float]:
        """Slots with weights in (0, 1]. With a shelf only its items are looked for, and numbers are positions on it, from 1.

        An item named by words weighs by the share of its title's information that they are, beside that of the item named best.
        """
        found = self._by_words(text, None if shelf is None else set(shelf.tolist()))
        if shelf is not None:
            for position in positions(text):
                if position <= len(shelf):
                    found[int(shelf[position - 1])] = 1.0
        return found

    def _by_words(self, text: str, allowed: set[int] | None) -> dict[int, float]:
        named: dict[int, float] = defaultdict(float)
        for word in sorted(set(words(text))):
            slots = self._slots_of.get(word, set())
            information = self._information(word)
            for slot in slots if allowed is None else slots & allowed:
                named[slot] += information
        shares = {slot: share / self._of_title(slot) for slot, share in named.items()}
        best = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_ITEMS]
        whole = max(ENOUGH, best[0][1]) if best else ENOUGH
        return {slot: share / whole for slot, share in best if share >= LEAST_SHARE}

    def _of_title(self, slot: int) -> float:
        found = self._whole.get(slot)
        if found is None:
            found = self._whole[slot] = sum(self._information(word) for word in sorted(self._words_of[slot]))
        return found

    def _information(self, word: str) -> float:
        return math.log1p(len(self._words_of) / max(1, len(self._slots_of.get(word, ()))))


def positions(text: str) -> list[int]:
    """The shelf positions that a text names, from 1."""
    found = []
    for match in _POSITION.finditer(text):
        digits = next(group for group in match.groups() if group is not None)
        found.append(_DIGITS[digits] if digits in _DIGITS else int(digits))
    return [position for position in found if position > 0]
