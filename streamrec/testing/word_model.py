"""A text model that needs no weights: what shares words is alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.text import ItemSides
from streamrec.understanding.words import words

TOKENS = 997
"""A prime, so that words whose letters have the same sum but for a round number become different tokens."""


class WordModel:
    """Satisfies `streamrec.catalogue.text.TextModel`: a token is a hash of a word, a vector counts words, a score counts common words.

    Whatever it gives can be worked out by hand, and it never waits. It has no late interaction.
    """

    name, revision, provider, precision = "words", "1", "none", "fp32"
    precision_why = precision_advice = ""
    scores_pairs = True
    late_tokens = late_dim = 0
    dim, max_item_tokens, max_user_tokens = 64, 8, 16

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def tokenize(self, texts: Sequence[str], limit: int) -> NDArray[np.int32]:
        """Token ids of shape (len(texts), limit), 0 behind the last word."""
        tokens = np.zeros((len(texts), limit), np.int32)
        for row, text in zip(tokens, texts, strict=True):
            hashes = [1 + sum(map(ord, word)) % TOKENS for word in words(text)][:limit]
            row[: len(hashes)] = hashes
        return tokens

    def encode(self, tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """Unit vectors of shape (rows, dim); a row without tokens gives zeros."""
        vectors = np.zeros((len(tokens), self.dim), np.float32)
        for vector, row in zip(vectors, tokens, strict=True):
            np.add.at(vector, row[row > 0] % self.dim, 1.0)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))

    def prefixes(self, said: NDArray[np.int32], recent: NDArray[np.int32]) -> NDArray[np.int32]:
        """The words that users wrote, then those of their recent items' titles, of shape (users, max_user_tokens)."""
        prefixes = np.zeros((len(said), self.max_user_tokens), np.int32)
        for prefix, own, titles in zip(prefixes, said, recent, strict=True):
            tokens = np.concatenate([own[own > 0], titles[titles > 0]])[: self.max_user_tokens]
            prefix[: len(tokens)] = tokens
        return prefixes

    def score(
        self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp], patience_s: float | None = None
    ) -> NDArray[np.float32]:
        """How many words of an item's title the user wrote or saw, of shape (pairs,)."""
        return np.array([len(set(users[user]) & set(title) - {0}) for user, title in zip(user_of_pair, items, strict=True)], np.float32)

    def ask(self, users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp]) -> AskedWords:
        """What `score` gives, at once."""
        return AskedWords(partial(self.score, users, items, user_of_pair), len(user_of_pair))

    def item_states(self, tokens: NDArray[np.int32]) -> NDArray[np.float16]:
        """No token states."""
        return np.zeros((len(tokens), self.late_tokens, self.late_dim), np.float16)

    def late_score(
        self, users: NDArray[np.int32], items: ItemSides, slots: NDArray[np.int32], user_of_pair: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """The same as `score`."""
        return self.score(users, items.tokens[slots], user_of_pair)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class AskedWords:
    """Satisfies `streamrec.catalogue.text.Asked`: scores are worked out when they are taken."""

    score: Callable[[float | None], NDArray[np.float32]]
    scored: int
    busy_s: float = 0.0

    def take(self, patience_s: float | None = None) -> NDArray[np.float32]:
        """The scores."""
        return self.score(patience_s)
