"""What the formulas of features read of how a candidate sells."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.gathering import ages, faded, first_seen, moments, sold_there, taken
from streamrec.state.item import DAY, HALF_LIVES, MONTH, SEASON, WEEK

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
RATES = tuple(np.float32(-math.log(2) / half_life) for half_life in HALF_LIVES)
"""By which the logarithm of a count falls in a millisecond, for each half-life."""


class Selling:
    """Arrays of shape (users, candidates); times are in ms. Counts are purchases, and views at a tenth, decayed to the user's time."""

    def __init__(self, context: Context, candidates: Candidates) -> None:
        self._context, self._candidates = context, candidates
        self._queries, self._items, self._slots = context.queries, context.catalogue.items, candidates.slots
        self.now: Floats = self._queries.now[:, None].astype(np.float64)

    @cached_property
    def _ages(self) -> Singles:
        """How long ago (ms) the item was counted."""
        return ages(self._items.counted_at, self._slots, self._queries.now)

    def _count(self, counts: NDArray[np.floating], half_life: int) -> Singles:
        return faded(counts, self._slots, self._ages, RATES[half_life])

    @property
    def count_1d(self) -> Singles:
        return self._count(self._items.appeal[:, DAY], DAY)

    @property
    def count_7d(self) -> Singles:
        return self._count(self._items.appeal[:, WEEK], WEEK)

    @property
    def count_30d(self) -> Singles:
        return self._count(self._items.appeal[:, MONTH], MONTH)

    @property
    def count_90d(self) -> Singles:
        return self._count(self._items.appeal[:, SEASON], SEASON)

    @property
    def count_in_country(self) -> Singles:
        """Purchases from the user's country, half-life 30 days."""
        items, country = self._items, self._queries.country
        if not country.any():
            return np.zeros(self._slots.shape, np.float32)
        return sold_there(items.country, items.country_count, country, self._slots, self._ages, RATES[MONTH])

    @property
    def newcomers_7d(self) -> Singles:
        """Purchases by people who were new to the shop."""
        return self._count(self._items.newcomers[:, WEEK], WEEK)

    @property
    def newcomers_30d(self) -> Singles:
        return self._count(self._items.newcomers[:, MONTH], MONTH)

    @property
    def wants(self) -> Singles:
        """Comments that want it, half-life 7 days."""
        return self._said(self._items.want)

    @property
    def praises(self) -> Singles:
        """Comments that praise it."""
        return self._said(self._items.praise)

    @property
    def complaints(self) -> Singles:
        """Comments that complain of it."""
        return self._said(self._items.complaint)

    def _said(self, counts: NDArray[np.floating]) -> Singles:
        return self._count(counts, WEEK) if self._items.has_voices else np.zeros(self._slots.shape, np.float32)

    @property
    def first_seen(self) -> Floats:
        """When the item was made or first heard of; 0 where nothing tells."""
        return first_seen(self._items.created, self._items.first_sale, self._slots)

    @property
    def sold_at(self) -> Floats:
        """Time of the newest purchase; 0 where there was none."""
        return moments(self._items.sold_at, self._slots)

    @property
    def purchases(self) -> Floats:
        """Half-life 90 days, as of the newest event of the item."""
        return taken(self._items.purchases, self._slots)

    @property
    def usually_again(self) -> Floats:
        """The share of all purchases in the shop that are by people who had bought the item before."""
        purchases = float(self._items.purchases.sum())
        return np.full((len(self._slots), 1), float(self._items.again.sum()) / purchases if purchases > 0 else 0.0)

    @property
    def purchases_again(self) -> Floats:
        """Those of `purchases` by people who had bought the item before."""
        return taken(self._items.again, self._slots)

    @property
    def log_price(self) -> Singles:
        return taken(self._items.log_price, self._slots)
