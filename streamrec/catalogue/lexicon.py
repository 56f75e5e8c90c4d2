"""The words of every item's text, and how much each tells: what two items have in common is told by their rare words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.numbers import Numbers
from streamrec.system.compiled import jit
from streamrec.understanding.words import words

MOST_WORDS = 16
"""Words of an item that count, the first of its text: titles have four to ten, and every one costs a look-up for every candidate."""


class Lexicon:
    """Words by number, and for each slot the numbers of its words; 0 behind the last."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._words = np.zeros((0, MOST_WORDS), np.int32)
        self._tells: NDArray[np.float32] | None = None
        self._texts = 0

    @property
    def size(self) -> int:
        """Numbers that may stand for a word, 0 among them."""
        return self._numbers.most + 1

    def words(self) -> NDArray[np.int32]:
        """The numbers of each slot's words, of shape (slots, MOST_WORDS)."""
        return self._words

    def tells(self) -> NDArray[np.float32]:
        """How much each word tells, by inverse document frequency, of shape (size,); 0 of number 0."""
        # Made anew when a word came or went, and not with every price or stock that changes.
        if self._tells is None:
            uses = np.array(self._numbers.uses(), np.float32)
            self._tells = np.log((1 + self._texts) / (1 + uses)).astype(np.float32) + 1
            self._tells[0] = 0.0
        return self._tells

    def alike(self, own: NDArray[np.int32], weights: NDArray[np.float64], slots: NDArray[np.int32]) -> NDArray[np.float32]:
        """Cosines of the words of each user's `own` items (users, n) and the words of `slots` (users, m); those of -1 have none.

        There is one for each of several `weights` (relations, users, n) of the own items: of shape (relations, users, m).
        """
        return _alike(self._words, self.tells(), own, weights, slots)

    def put(self, slot: int, text: str) -> None:
        """Take the words of a slot's text, instead of those that it had."""
        if slot >= len(self._words):
            grown = np.zeros((max(2 * len(self._words), slot + 1), MOST_WORDS), np.int32)
            grown[: len(self._words)] = self._words
            self._words = grown
        former = self._words[slot].tolist()
        # Taken before the others are given back: a word that stays keeps its number.
        taken = [self._numbers.take(word) for word in list(dict.fromkeys(words(text)))[:MOST_WORDS]]
        self._words[slot] = 0
        self._words[slot, : len(taken)] = taken
        for number in former:
            self._numbers.give(number)
        self._texts += bool(taken) - bool(former[0])
        if self._words[slot].tolist() != former:
            self._tells = None

    def remove(self, slot: int) -> None:
        """Forget the words of a slot."""
        self.put(slot, "")


@jit
def _alike(
    words: NDArray[np.int32], tells: NDArray[np.float32], own: NDArray[np.int32], weights: NDArray[np.float64], slots: NDArray[np.int32]
) -> NDArray[np.float32]:
    found, most = np.zeros((len(weights), *slots.shape), np.float32), words.shape[1]
    # One row of all words, cleared behind each user, stays in the processor's cache.
    profile = np.zeros(len(tells), np.float32)
    for relation in range(len(weights)):
        for user in range(len(slots)):
            whole = np.float32(0)
            for entry in range(own.shape[1]):
                slot, weight = own[user, entry], np.float32(weights[relation, user, entry])
                if slot < 0 or weight == 0:
                    continue
                square = np.float32(1e-18)
                for place in range(most):
                    square += tells[words[slot, place]] ** 2
                weight /= np.sqrt(square)
                for place in range(most):
                    # The square of a sum grows by twice what it was times what is added, and by the square of that.
                    word = words[slot, place]
                    added = weight * tells[word]
                    whole += added * (2 * profile[word] + added)
                    profile[word] += added
            if whole > 0:
                for column in range(slots.shape[1]):
                    # An item without words has almost no length, so that nothing is like it.
                    slot, total, square = slots[user, column], np.float32(0), np.float32(1e-18)
                    if slot < 0:
                        continue
                    for place in range(most):
                        word = words[slot, place]
                        if word == 0:
                            break
                        total += profile[word] * tells[word]
                        square += tells[word] * tells[word]
                    found[relation, user, column] = total / np.sqrt(square * whole)
            for entry in range(own.shape[1]):
                if own[user, entry] >= 0:
                    for place in range(most):
                        profile[words[own[user, entry], place]] = 0
    return found
