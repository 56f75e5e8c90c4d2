"""The features of the learned baselines, and the orders that they are fitted on."""

from __future__ import annotations

import numpy as np

from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.fusion import parts
from streamrec.evaluation.baselines.market import HALF_LIVES_DAYS, Floats, Ints, Singles
from streamrec.evaluation.baselines.query import Bools, Query
from streamrec.evaluation.baselines.simple import rebuy_first, standardised
from streamrec.system.clock import DAY_MS

# The hardest decide the top of a list, and the uniform draw stands for all others.
HARD, UNIFORM = 100, 200
BEHAVIOUR = (
    *(f"sold_{days:g}d" for days in HALF_LIVES_DAYS),
    "trend_short",
    "trend_long",
    "age",
    "since_sale",
    "in_country",
    "rebuys",
    "own_history",
    "owned",
    *(f"{kind}_{part}" for kind in ("users", "baskets") for part in ("all", "30d", "last")),
    "followers",
    "ease_all",
    "ease_30d",
    "price_gap",
)
TEXT = ("likeness_all", "likeness_30d", "likeness_last")


def behaviour(query: Query, candidates: Bools) -> Floats:
    """(candidates, len(BEHAVIOUR)): all features but those of text, standardised among the candidates."""
    market, shopper = query.market, query.shopper
    sold = np.log1p(market.decayed(query.ts))
    none = np.zeros(len(market.names))
    ages = [np.log1p(np.where(since >= 0, query.ts - since, 0) / DAY_MS) for since in (market.first_sale, market.last_sale)]
    prices = market.log_price[shopper.items]
    rows = [
        *sold,
        sold[1] - sold[3],
        sold[3] - sold[5],
        *ages,
        np.log1p(market.by_country.get(shopper.country, none)),
        np.log1p(query.rebuys),
        rebuy_first(query),
        query.owned.astype(np.float64),
        *np.sqrt(query.user_cosines),
        *np.sqrt(query.basket_cosines),
        np.sqrt(query.followers),
        *query.eased,
        np.abs(market.log_price - prices.mean()) if len(prices) else none,
    ]
    return standardised(np.stack(rows), candidates)[:, candidates].T


def text(query: Query, candidates: Bools, content: Content) -> Floats:
    """(candidates, len(TEXT)): likeness of titles to the user's past, standardised among the candidates."""
    return standardised(content.likeness(query.distinct, query.weights), candidates)[:, candidates].T


class Samples:
    """Orders with all items bought and some that were not: the hardest by an even fusion, and a uniform draw of the others.

    The draw is weighted to stand for all of them, so that a weighted sum over a sample is unbiased for the sum over all candidates.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._rows: list[Singles] = []
        self._weights: list[Floats] = []
        self._bought: list[Bools] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, query: Query, candidates: Bools, relevant: Ints, features: Floats) -> None:
        """Sample one order; `features` (candidates, features)."""
        bought = np.zeros(len(candidates), np.bool_)
        bought[relevant] = True
        bought = bought[candidates]
        even = parts(query, candidates)[:, candidates].sum(0)
        even[bought] = -np.inf
        others = np.argsort(-even, kind="stable")[: len(even) - int(bought.sum())]
        hard, rest = others[:HARD], others[HARD:]
        drawn = self._rng.choice(rest, min(UNIFORM, len(rest)), replace=False)
        (positive,) = np.nonzero(bought)
        rows = np.concatenate([positive, hard, drawn])
        weights = np.ones(len(rows))
        weights[len(positive) + len(hard) :] = len(rest) / max(len(drawn), 1)
        # The items bought must not come first: a stable sort of tied scores would look like a perfect ranking.
        shuffled = self._rng.permutation(len(rows))
        self._rows.append(features[rows[shuffled]].astype(np.float32))
        self._weights.append(weights[shuffled])
        self._bought.append(bought[rows[shuffled]])

    def arrays(self) -> tuple[Floats, Floats, Bools, Ints]:
        """Features (rows, features), weights (rows,), bought (rows,), and how many rows each order has (orders,)."""
        sizes = np.array([len(rows) for rows in self._rows])
        return np.concatenate(self._rows).astype(np.float64), np.concatenate(self._weights), np.concatenate(self._bought), sizes
