"""Likeness of titles: TF-IDF of their words, or vectors of a text model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from streamrec.evaluation.baselines.market import Floats, Ints
from streamrec.events.types import Item
from streamrec.understanding.words import words


class Content:
    """Vectors of length 1, a row for every item.

    Args:
        rows: (items, dimensions), dense or sparse.
    """

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    @classmethod
    def of_words(cls, items: Sequence[Item], known_before: int) -> Content:
        """TF-IDF of the words of title, category and brand. Frequencies are those among the items created before `known_before` (ms)."""
        from scipy.sparse import csr_array

        texts = [Counter(_terms(item)) for item in items]
        # Frequencies of later items would tell of the future.
        rare_in = [text for text, item in zip(texts, items, strict=True) if item.created_ts is None or item.created_ts < known_before]
        documents = Counter(word for text in rare_in for word in text)
        column = {word: at for at, word in enumerate(sorted({word for text in texts for word in text}))}
        cells = [(row, column[word], count, documents[word]) for row, text in enumerate(texts) for word, count in text.items()]
        row, where, count, seen = np.array(cells, np.float64).reshape(-1, 4).T
        value = (1 + np.log(count)) * (np.log((1 + len(rare_in)) / (1 + seen)) + 1)
        lengths = np.sqrt(np.bincount(row.astype(int), value**2, len(items)))
        value /= lengths[row.astype(int)]
        return cls(csr_array((value, (row.astype(int), where.astype(int))), shape=(len(items), len(column))))

    def likeness(self, past: Ints, weights: Floats) -> Floats:
        """(weightings, items): the mean cosine between each item and the past; 0 without a past.

        Args:
            past: (bought,), item numbers.
            weights: (weightings, bought).
        """
        if not len(past):
            return np.zeros((len(weights), self._rows.shape[0]))
        profiles = (self._rows[past].T @ weights.T) / np.maximum(weights.sum(1), 1e-9)
        alike: Floats = np.asarray(self._rows @ profiles, np.float64).T
        return alike


def _terms(item: Item) -> list[str]:
    """Words, and the brand as a whole beside them."""
    whole = [f"brand {item.brand.lower()}"] if item.brand else []
    return words(" ".join(filter(None, (item.title, item.category, item.brand)))) + whole
