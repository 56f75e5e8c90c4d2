"""Held-out baskets: the whole catalogue ranked before each of them, by features that are blended, on items new to the user.

Features are z-scored per list and added one after the other, the weights searched for the best NDCG@10 on half of the users; what is
reported comes from the other half. The recommender's own blend has more features: this only tells whether a text model is worth having.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.model import TextModel
from streamrec.catalogue.prefix import SAID_TOKENS
from streamrec.datasets.uci import day_ms
from streamrec.training.data.purchases import Example, Purchases, read_purchases
from streamrec.training.data.recent import recent_titles

# Somewhat more than the 32 candidates that a worker gives its cross-encoder by default.
TOP = 50
# Steps of about a half: finer ones gain less than the half of the users on which they are chosen can tell.
WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.8)
K = 10
Scores = NDArray[np.float32]


class HeldOut:
    """Baskets, their users' sides, and the 50 best items of each by popularity, co-visits and vectors.

    `titles` (items, max_item_tokens) and `users` (baskets, max_user_tokens) are token ids, `top` (baskets, 50) items; `features` the
    columns by name, `judged` which baskets report.
    """

    def __init__(self, model: Path, data: Path, start: datetime, until: datetime, baskets: int, seed: int) -> None:
        start_ms, until_ms = day_ms(start.date()), day_ms(until.date())
        purchases = read_purchases(data, start_ms, until_ms, split=False, seed=seed)
        counted = read_purchases(data, None, start_ms, split=False, seed=seed).covisits
        chosen = np.random.default_rng(seed).permutation(len(purchases.examples))[:baskets]
        self._examples = [purchases.examples[row] for row in sorted(chosen)]
        self._texts = purchases.titles
        text = TextModel.load(model, "cpu", precision="fp32")
        self.users, self.titles = self.tokens(text)
        covisits = np.zeros_like(purchases.covisits)
        covisits[: len(counted), : len(counted)] = counted
        self._closed = purchases.closed(self._examples)
        self._right = np.zeros_like(self._closed)
        for row, example in zip(self._right, self._examples, strict=True):
            row[example.targets] = True
        self.judged = np.array([crc32(example.user.encode()) % 2 == 1 for example in self._examples])
        self.facts = {
            "from": start.date().isoformat(),
            "until": until.date().isoformat(),
            "baskets": int(self.judged.sum()),
            "fitted_on": int((~self.judged).sum()),
            "k": K,
        }
        self.features = {
            "popularity": purchases.log_popularity(self._examples),
            "covisits": _item_neighbours(purchases, self._examples, covisits),
            "vectors": _cosine(purchases, self._examples, text.encode(self.titles)),
        }
        self._columns: dict[str, Scores] = {}
        self._weights: dict[str, float] = {}
        self.steps: dict[str, dict[str, Any]] = {}
        total = next(iter(self.features.values()))
        for name, column in self.features.items():
            self._columns[name] = _z(column, self._closed)
            total = self._search(self._columns, self._weights)
            self.steps["+".join(self._columns)] = {**self._report(total), "weights": dict(self._weights)}
        self.total = total
        self.top = np.argsort(-np.where(self._closed, -np.inf, total), axis=1, kind="stable")[:, :TOP]

    def tokens(self, text: TextModel) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Token ids of the baskets' users (baskets, max_user_tokens) and of the items (items, max_item_tokens) in a model's vocabulary."""
        titles = text.tokenize(self._texts, text.max_item_tokens)
        silent = np.zeros((len(self._examples), SAID_TOKENS), np.int32)
        return text.prefixes(silent, recent_titles(self._examples, titles)), titles

    def in_top(self, column: Scores) -> Scores:
        """What a column of all items says of the 50 best."""
        return np.take_along_axis(column, self.top, 1)

    def add(self, name: str, scores: Scores) -> dict[str, Any]:
        """NDCG@10 and AUC of the blend when `scores` of the 50 best join it; the others stay below them."""
        return self._report(self._with(name, scores))

    def gains(self, name: str, scores: Scores) -> NDArray[np.float64]:
        """NDCG@10 of every reporting basket when `scores` of the 50 best join the blend."""
        return self._gains(self._with(name, scores), self.judged)

    def auc_in_top(self, scores: Scores) -> float:
        """Mean AUC of `scores` alone within the 50 best of the reporting baskets that have a right and a wrong item there."""
        areas = []
        for row in np.flatnonzero(self.judged):
            right = self._right[row, self.top[row]]
            if right.any() and not right.all():
                areas.append(_auc(scores[row], right))
        return round(float(np.mean(areas)), 4)

    def _with(self, name: str, scores: Scores) -> Scores:
        inside = np.full_like(self.total, -1e3)
        np.put_along_axis(inside, self.top, _z(scores, np.zeros(scores.shape, bool)), axis=1)
        return self._search({**self._columns, name: inside}, dict(self._weights))

    def _search(self, columns: dict[str, Scores], weights: dict[str, float]) -> Scores:
        """Coordinate ascent on `weights` over a grid; the first stays 1."""

        def goal(tried: dict[str, float]) -> float:
            return float(self._gains(_blend(columns, tried), ~self.judged).mean())

        first, *others = columns
        weights[first] = 1.0
        weights.update({name: weights.get(name, 0.1) for name in others})
        for _ in range(2):
            for name in reversed(others):
                weights[name] = max(WEIGHTS, key=lambda weight, name=name: goal({**weights, name: weight}))  # type: ignore[misc]
        return _blend(columns, weights)

    def _report(self, total: Scores) -> dict[str, Any]:
        areas = [_auc(total[row][~self._closed[row]], self._right[row][~self._closed[row]]) for row in np.flatnonzero(self.judged)]
        return {f"ndcg@{K}": round(float(self._gains(total, self.judged).mean()), 4), "auc": round(float(np.mean(areas)), 4)}

    def _gains(self, total: Scores, judged: NDArray[np.bool_]) -> NDArray[np.float64]:
        """NDCG@10 of every basket in `judged`."""
        scores, right = np.where(self._closed, -np.inf, total)[judged], self._right[judged]
        best = np.argpartition(-scores, min(K, scores.shape[1]) - 1, axis=1)[:, :K]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable"), 1)
        discount = 1 / np.log2(np.arange(2, K + 2))
        ideal = np.cumsum(discount)[np.minimum(K, right.sum(axis=1)) - 1]
        return np.asarray((np.take_along_axis(right, best, 1) * discount[: best.shape[1]]).sum(axis=1) / ideal)


def _blend(columns: dict[str, Scores], weights: dict[str, float]) -> Scores:
    return np.asarray(sum(weights[name] * column for name, column in columns.items()), np.float32)


def _item_neighbours(purchases: Purchases, examples: list[Example], covisits: Scores) -> Scores:
    """Item-based collaborative filtering: cosine of the baskets of two items, summed over the recent items."""
    baskets = np.diagonal(covisits)
    similar = covisits / np.sqrt(np.maximum(1, np.outer(baskets, baskets)))
    np.fill_diagonal(similar, 0)
    return np.asarray(purchases.interest(examples) @ similar, np.float32)


def _cosine(purchases: Purchases, examples: list[Example], vectors: Scores) -> Scores:
    users = purchases.interest(examples) @ vectors
    users /= np.maximum(1e-9, np.linalg.norm(users, axis=1, keepdims=True))
    return np.asarray(users @ vectors.T, np.float32)


def _z(column: Scores, closed: NDArray[np.bool_]) -> Scores:
    opened = np.ma.masked_array(column, closed)
    mean, std = opened.mean(axis=1).filled(0)[:, None], opened.std(axis=1).filled(1)[:, None]
    return np.asarray((column - mean) / np.maximum(std, 1e-6), np.float32)


def _auc(scores: Scores, right: NDArray[np.bool_]) -> float:
    order = scores.argsort(kind="stable").argsort()
    hits = int(right.sum())
    return float((order[right].sum() - hits * (hits - 1) / 2) / (hits * (len(scores) - hits)))
