"""The baselines that learn a ranking of the same features: a linear blend, and LightGBM's LambdaRank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from streamrec.evaluation.baselines.features import Samples
from streamrec.evaluation.baselines.market import Floats, Ints
from streamrec.evaluation.baselines.query import Bools, Query

Features = Callable[[Query, Bools], Floats]
DECAY = 1e-3
"""L2 on the weights: features are z-scores, and columns that say the same must not grow against each other."""


def fit_linear(rows: Floats, weights: Floats, bought: Bools, sizes: Ints) -> Floats:
    """(features,): the weights of a listwise softmax over each order's sample, every item bought against all that was not, with L2.

    Args:
        rows: (rows, features), the orders one after another.
        weights: (rows,), for how many candidates each row stands.
        bought: (rows,), at least one of each order.
        sizes: (orders,), rows of each order.
    """
    from scipy.optimize import minimize

    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    order = np.repeat(np.arange(len(sizes)), sizes)
    share = bought / np.add.reduceat(bought.astype(np.float64), starts)[order]
    target = rows.T @ share

    def loss(blend: Floats) -> tuple[float, Floats]:
        scores = rows @ blend
        # The largest of each order is taken off before exp, which would overflow.
        top = np.maximum.reduceat(scores, starts)
        odds = weights * np.exp(scores - top[order])
        total = np.add.reduceat(odds, starts)
        value = (np.log(total) + top).sum() - target @ blend
        gradient = rows.T @ (odds / total[order]) - target
        return value / len(sizes) + DECAY * blend @ blend, gradient / len(sizes) + 2 * DECAY * blend

    blend: Floats = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return blend


class LinearBlend:
    """A weighted sum of the features."""

    name = "linear"

    def __init__(self, features: Features, samples: Samples) -> None:
        self._features, self._samples = features, samples
        self.weights: Floats | None = None

    def learn(self) -> None:
        """Fit to the samples; without any the blend ranks nothing."""
        if len(self._samples):
            self.weights = fit_linear(*self._samples.arrays())

    def scores(self, query: Query, candidates: Bools) -> Floats:
        """As `Baseline`."""
        scores = np.zeros(len(candidates))
        if self.weights is not None:
            scores[candidates] = self._features(query, candidates) @ self.weights
        return scores


class LambdaRank:
    """Gradient-boosted trees for NDCG, stopped by the last fifth of the orders."""

    name = "lambdarank"

    def __init__(self, features: Features, samples: Samples, seed: int) -> None:
        self._features, self._samples, self._seed = features, samples, seed
        self._trees: Any = None

    def learn(self) -> None:
        """Fit to the samples; with fewer than ten orders the trees rank nothing."""
        import lightgbm

        # A fifth of fewer than ten orders is no validation.
        if len(self._samples) < 10:
            return
        rows, weights, bought, sizes = self._samples.arrays()
        split = len(sizes) * 4 // 5
        cut = int(sizes[:split].sum())
        parameters = {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [10],
            "lambdarank_truncation_level": 50,
            "learning_rate": 0.05,
            "num_leaves": 15,
            "min_data_in_leaf": 100,
            "feature_fraction": 0.7,
            "num_threads": 1,
            "seed": self._seed,
            "deterministic": True,
            "verbosity": -1,
        }
        pieces = [
            lightgbm.Dataset(rows[part].astype(np.float32), bought[part].astype(int), group=group, weight=weights[part])
            for part, group in ((slice(cut), sizes[:split]), (slice(cut, None), sizes[split:]))
        ]
        self._trees = lightgbm.train(parameters, pieces[0], 300, [pieces[1]], callbacks=[lightgbm.early_stopping(30, verbose=False)])

    def scores(self, query: Query, candidates: Bools) -> Floats:
        """As `Baseline`."""
        scores = np.zeros(len(candidates))
        if self._trees is not None:
            scores[candidates] = self._trees.predict(self._features(query, candidates), num_threads=1)
        return scores
