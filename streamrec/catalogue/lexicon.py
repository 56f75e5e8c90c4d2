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
        self._weights: NDArray[np.float32] | None = None
        self._texts = 0

    @property
    def size(self) -> int:
        """Numbers that may stand for a word, 0 among them."""
        return self._numbers.most + 1

    def words(self) -> NDArray[np.int32]:
        """The numbers of each slot's words, of shape (slots, MOST_WORDS)."""
        return self._words

    def weights(self) -> NDArray[np.float32]:
        """What each of `words()` weighs in its item, by inverse document frequency; the squares of an item sum to 1, or 0 without words."""
        # Made anew when a word came or went, and not with every price or stock that changes.
        if self._weights is None:
            uses = np.array(self._numbers.uses(), np.float32)
            tells = np.log((1 + self._texts) / (1 + uses)).astype(np.float32) + 1
            tells[0] = 0.0
            weights = tells[self._words]
            self._weights = weights / np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
        return self._weights

    def alike(self, own: NDArray[np.int32], weights: NDArray[np.float64], slots: NDArray[np.int32]) -> NDArray[np.float32]:
        """Cosines of the words of each user's `own` items (users, n) and the words of `slots` (users, m); those of -1 have none.

        There is one for each of several `weights` (relations, users, n) of the own items: of shape (relations, users, m).
        """
        return _alike(self._words, self.weights(), self.size, own, weights, slots)

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
        # Also where room was made: weights are told of every slot that has words.
        if self._words[slot].tolist() != former or (self._weights is not None and len(self._weights) < len(self._words)):
            self._weights = None

    def remove(self, slot: int) -> None:
        """Forget the words of a slot."""
        self.put(slot, "")


@jit
def _alike(
    words: NDArray[np.int32],
    tells: NDArray[np.float32],
    size: int,
    own: NDArray[np.int32],
    weights: NDArray[np.float64],
    slots: NDArray[np.int32],
) -> NDArray[np.float32]:
    found = np.zeros((len(weights), *slots.shape), np.float32)
    # One row of all words, cleared behind each user, stays in the processor's cache.
    profile = np.zeros(size, np.float32)
    for relation in range(len(weights)):
        for user in range(len(slots)):
            square = np.float32(0)
            for entry in range(own.shape[1]):
                slot, weight = own[user, entry], np.float32(weights[relation, user, entry])
                if slot >= 0 and weight != 0:
                    for place in range(words.shape[1]):
                        profile[words[slot, place]] += weight * tells[slot, place]
            # The square of a sum is the sum of each part times the whole: no word needs to be told from one that was met before.
            for entry in range(own.shape[1]):
                slot, weight = own[user, entry], np.float32(weights[relation, user, entry])
                if slot >= 0 and weight != 0:
                    for place in range(words.shape[1]):
                        square += weight * tells[slot, place] * profile[words[slot, place]]
            if square <= 0:
                continue
            length = np.sqrt(square)
            for column in range(slots.shape[1]):
                slot, total = slots[user, column], np.float32(0)
                if slot >= 0:
                    for place in range(words.shape[1]):
                        word = words[slot, place]
                        if word == 0:
                            break
                        total += profile[word] * tells[slot, place]
                found[relation, user, column] = total / length
            for entry in range(own.shape[1]):
                slot = own[user, entry]
                if slot >= 0:
                    for place in range(words.shape[1]):
                        profile[words[slot, place]] = 0
    return found
