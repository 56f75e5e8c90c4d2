"""The best fusion by hand: a weighted sum of z-scores, with weights from a grid, chosen on orders before those that are measured."""

from __future__ import annotations

from itertools import product

import numpy as np

from streamrec.evaluation.baselines.market import Floats, Ints
from streamrec.evaluation.baselines.query import Bools, Query
from streamrec.evaluation.baselines.simple import rebuy_first, standardised

PARTS = ("popularity", "last-month", "item-cf", "followers", "content", "own-history")
GRID: Floats = np.array([*product((0.1, 0.3, 1), (0, 0.5), (1,), (0, 0.5), (0, 0.25, 0.5, 1), (0, 0.5, 1, 2, 4))], np.float64)
SHARE = 0.6
"""The share of orders on which all weightings are tried."""
PLACES = 10


def parts(query: Query, candidates: Bools) -> Floats:
    """(parts, items): what is fused, standardised among the candidates."""
    market = query.market
    raw = (market.sold, market.last_month(query.ts), query.user_cosines[0], query.followers, query.likeness[0], rebuy_first(query))
    return standardised(np.stack(raw), candidates)


class Fusion:
    """Chooses the weights with the best NDCG@10 over the orders it has seen."""

    name = "fusion"

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.weights: Floats = np.ones(len(PARTS))
        self._gains = np.zeros(len(GRID))
        self._seen = 0

    def see(self, query: Query, candidates: Bools, relevant: Ints) -> None:
        """Try every weighting of the grid on the order, or skip it by chance."""
        if self._rng.random() > SHARE:
            return
        fused = GRID @ parts(query, candidates)[:, candidates]
        wanted = np.zeros(len(candidates), np.bool_)
        wanted[relevant] = True
        top = np.argpartition(-fused, min(PLACES, fused.shape[1]) - 1, axis=1)[:, :PLACES]
        top = np.take_along_axis(top, np.argsort(-np.take_along_axis(fused, top, 1), axis=1, kind="stable"), 1)
        discounts = 1 / np.log2(np.arange(2, top.shape[1] + 2))
        hits = wanted[candidates][top]
        self._gains += hits @ discounts / discounts[: len(relevant)].sum()
        self._seen += 1

    def learn(self) -> None:
        """Take the best weights; without any order all parts weigh the same."""
        if self._seen:
            self.weights = GRID[int(np.argmax(self._gains))]

    def scores(self, query: Query, candidates: Bools) -> Floats:
        """As `Baseline`."""
        fused: Floats = self.weights @ parts(query, candidates)
        return fused
