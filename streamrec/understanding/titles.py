"""Finds the items of a whole shop that a comment names by the words of their titles."""

from __future__ import annotations

import math
from collections import defaultdict

from streamrec.understanding.words import cut, fold, words

LEAST_SHARE = 0.34
"""Least share of a title's information that must be named: with less, one of three words would do."""
ENOUGH = 0.5
"""The share from which an item counts as named outright: hardly anybody writes a whole title."""
# Who names more items than that in a comment asks about none of them.
MOST_ITEMS = 3
MOST_TITLES = 500
"""Most titles that are looked at for one comment: viewers must not decide how long others wait. It takes about
a millisecond; words that more titles share tell hardly anything."""
_NO_WORDS: frozenset[str] = frozenset()


class TitleIndex:
    """An index from words of titles to slots. Words weigh by their inverse document frequency: a rare one says more than a common one."""

    def __init__(self) -> None:
        self._slots_of: dict[str, set[int]] = {}
        self._words_of: dict[int, frozenset[str]] = {}
        self._whole: dict[int, float] = {}
        """By slot: the information of the whole title, as far as it was needed since the last change."""

    def put(self, slot: int, title: str) -> None:
        """Index a title in place of the slot's former one."""
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

    def mentions(self, text: str) -> dict[int, float]:
        """The slots that `text` names, with weights in (0, 1].

        An item weighs by the share of its title's information that the words carry, relative to the item that is named best.
        """
        asked = {word: self._information(word) for word in cut(fold(text)) if word in self._slots_of}
        if not asked:
            return {}
        shares = {slot: told / self._of_title(slot) for slot, told in self._named(asked).items()}
        best = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_ITEMS]
        whole = max(ENOUGH, best[0][1]) if best else ENOUGH
        return {slot: share / whole for slot, share in best if share >= LEAST_SHARE}

    def _named(self, asked: dict[str, float]) -> dict[int, float]:
        """The information that the words carry about each title. The commonest words count only for titles that rarer ones name."""
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
        whole = self._whole.get(slot)
        if whole is None:
            whole = self._whole[slot] = math.fsum(map(self._information, self._words_of[slot]))
        return whole

    def _information(self, word: str) -> float:
        return math.log1p(len(self._words_of) / len(self._slots_of[word]))
