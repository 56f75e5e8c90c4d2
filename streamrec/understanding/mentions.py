"""Finds the items that a danmaku speaks of, by shelf position ("number 3", "3号", "#3") or by the words of their titles."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.positions import positions
from streamrec.understanding.words import cut, fold, words

LEAST_SHARE = 0.34
"""Least share of a title's information that must be named."""
ENOUGH = 0.5
"""The share from which on an item counts as named outright: hardly anybody writes a whole title."""
MOST_ITEMS = 3
MOST_TITLES = 500
"""So many titles are looked at for one danmaku where no shelf bounds them: viewers must not decide how long the others wait. It takes
about a millisecond; words that more titles share tell hardly anything."""
FEW_WORDS = 16
_NO_WORDS: frozenset[str] = frozenset()


class TitleIndex:
    """Words of titles to slots. A rare word says more than a common one: each is weighed by its inverse document frequency."""

    def __init__(self) -> None:
        self._slots_of: dict[str, set[int]] = {}
        self._words_of: dict[int, frozenset[str]] = {}
        self._whole: dict[int, float] = {}
        """Information of whole titles, as far as it was asked for since the last change."""

    def put(self, slot: int, title: str) -> None:
        """Index a title, in place of the slot's former one."""
        new = frozenset(words(title))
        if self._words_of.get(slot) == new:
            return
        self.remove(slot)
        self._words_of[slot] = new
        for word in new:
            self._slots_of.setdefault(word, set()).add(slot)

    def remove(self, slot: int) -> None:
        """Forget the title of a slot."""
        self._whole.clear()
        for word in self._words_of.pop(slot, ()):
            slots = self._slots_of[word]
            slots.discard(slot)
            if not slots:
                del self._slots_of[word]

    def mentions(self, text: str, shelf: NDArray[np.int32] | None = None) -> dict[int, float]:
        """Slots with weights in (0, 1]. With a shelf only its items are looked for, and numbers are positions on it, from 1.

        An item named by words weighs by the share of its title's information that they are, beside that of the item named best.
        """
        folded = fold(text)
        found = self._by_words(folded, None if shelf is None else set(shelf.tolist()))
        if shelf is not None:
            for position in positions(folded):
                if position <= len(shelf):
                    found[int(shelf[position - 1])] = 1.0
        return found

    def _by_words(self, folded: str, allowed: set[int] | None) -> dict[int, float]:
        asked = {word: self._information(word) for word in cut(folded) if word in self._slots_of}
        if not asked:
            return {}
        if allowed is None:
            named = self._named(asked)
        else:
            # With many words it is quicker to ask the titles of the shelf than the words.
            slots = allowed if len(asked) > FEW_WORDS else set[int]().union(*(allowed & self._slots_of[word] for word in asked))
            named = {slot: told for slot in slots if (told := self._told(asked, slot))}
        shares = {slot: told / self._of_title(slot) for slot, told in named.items()}
        best = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_ITEMS]
        whole = max(ENOUGH, best[0][1]) if best else ENOUGH
        return {slot: share / whole for slot, share in best if share >= LEAST_SHARE}

    def _named(self, asked: dict[str, float]) -> dict[int, float]:
        """What the words tell of each title that has one of the rarest; the commonest only speak for titles that rarer words name."""
        named: dict[int, float] = defaultdict(float)
        ordered, walked = sorted(asked, key=lambda word: (len(self._slots_of[word]), word)), 0
        for place, word in enumerate(ordered):
            walked += len(self._slots_of[word])
            if walked > MOST_TITLES:
                common = {word: asked[word] for word in ordered[place:]}
                return {slot: told + self._told(common, slot) for slot, told in named.items()}
            for slot in self._slots_of[word]:
                named[slot] += asked[word]
        return named

    def _told(self, asked: dict[str, float], slot: int) -> float:
        return math.fsum(map(asked.__getitem__, asked.keys() & self._words_of.get(slot, _NO_WORDS)))

    def _of_title(self, slot: int) -> float:
        found = self._whole.get(slot)
        if found is None:
            found = self._whole[slot] = math.fsum(map(self._information, self._words_of[slot]))
        return found

    def _information(self, word: str) -> float:
        return math.log1p(len(self._words_of) / len(self._slots_of[word]))
