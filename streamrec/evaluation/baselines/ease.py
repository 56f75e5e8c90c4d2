"""EASE (Steck, WWW 2019): a linear model of items on items with a zero diagonal, solved in closed form from the counters."""

from __future__ import annotations

import numpy as np

from streamrec.evaluation.baselines.market import Floats, Ints, Market, Singles
from streamrec.system.clock import DAY_MS

# Solving inverts a matrix of all items sold, and counters of months change little in a week.
WEEK_MS = 7 * DAY_MS


class Ease:
    """Weights of items on items, solved anew from the counters once a week and unchanged in between.

    Args:
        ridge: λ of the paper.
        every_ms: how long a solution is kept.
    """

    def __init__(self, ridge: float = 500.0, every_ms: int = WEEK_MS) -> None:
        self._ridge = ridge
        self._every_ms = every_ms
        self._solved_at: int | None = None
        self._weights: Singles = np.zeros((0, 0), np.float32)

    def scores(self, market: Market, ts: int, past: Ints, weights: Floats) -> Floats:
        """(weightings, items): the weights of the past (item numbers) on every item, summed with each weighting."""
        if self._solved_at is None or ts >= self._solved_at + self._every_ms:
            self._weights, self._solved_at = self._solve(market), ts
        total: Floats = (weights.astype(np.float32) @ self._weights[past]).astype(np.float64)
        return total

    def _solve(self, market: Market) -> Singles:
        size = len(market.names)
        solution = np.zeros((size, size), np.float32)
        (sold,) = np.nonzero(market.sold)
        # Of items sold only: the others have empty rows, and the inverse takes cubic time.
        gram = market.users_of_both[np.ix_(sold, sold)]
        gram[np.diag_indices(len(sold))] += self._ridge
        inverse = np.linalg.inv(gram)
        inverse /= -inverse.diagonal()
        np.fill_diagonal(inverse, 0)
        solution[np.ix_(sold, sold)] = inverse
        return solution
