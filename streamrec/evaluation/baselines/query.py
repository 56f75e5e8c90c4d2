"""A question to the baselines: a user at a moment. What several of them need of the past is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.evaluation.baselines.content import Content
from streamrec.evaluation.baselines.ease import Ease
from streamrec.evaluation.baselines.market import Floats, Ints, Market, Shopper, Singles
from streamrec.system.clock import DAY_MS

Bools = NDArray[np.bool_]
HISTORY_HALF_LIFE_DAYS = 30.0
REBUY_HALF_LIFE_DAYS = 60.0
NOBODY = Shopper()


@dataclass
class Query:
    """A user at `ts` (ms), before the order that is asked for; arrays are of shape (items,)."""

    market: Market
    content: Content
    ease: Ease
    user_id: str
    ts: int

    @cached_property
    def shopper(self) -> Shopper:
        """The user's past; empty for a new user."""
        return self.market.shoppers.get(self.user_id, NOBODY)

    @cached_property
    def known(self) -> Bools:
        """Which items could be shown."""
        return self.market.known(self.ts)

    @cached_property
    def owned(self) -> Bools:
        """Which items the user has bought."""
        return np.bincount(self.distinct, minlength=len(self.market.names)) > 0

    @cached_property
    def distinct(self) -> Ints:
        """(bought,): the distinct items that the user has bought."""
        return np.array(self.shopper.distinct, np.int64)

    @cached_property
    def rebuys(self) -> Floats:
        """How often the user bought each item, decayed with a half-life of 60 days."""
        return self._faded(REBUY_HALF_LIFE_DAYS)

    @cached_property
    def weights(self) -> Floats:
        """(3, bought): three weightings of the past: all items alike, with a half-life of 30 days, or the last order alone."""
        faded = self._faded(HISTORY_HALF_LIFE_DAYS)[self.distinct]
        last = np.isin(self.distinct, self.shopper.basket)
        return np.stack([np.ones(len(self.distinct)), faded, last.astype(np.float64)])

    @cached_property
    def user_cosines(self) -> Floats:
        """(3, items): the cosines between the users of each item and of each item of the past, summed with each of `weights`."""
        return self._neighbours(self.market.users_of_both)

    @cached_property
    def basket_cosines(self) -> Floats:
        """(3, items): the same for orders instead of users."""
        return self._neighbours(self.market.orders_of_both)

    @cached_property
    def followers(self) -> Floats:
        """How often each item came in the order after one with the items of the user's last order, as a share of those orders."""
        basket = self.shopper.basket
        # Five orders are added, so that an item sold once is not followed by the next purchase with certainty.
        shares = self.market.followed_by[basket] / (self.market.orders_of_both[basket, basket][:, None] + 5)
        total: Floats = shares.sum(0, dtype=np.float64)
        return total

    @cached_property
    def eased(self) -> Floats:
        """(2, items): EASE from the whole past, and from the past with a half-life of 30 days."""
        return self.ease.scores(self.market, self.ts, self.distinct, self.weights[:2])

    @cached_property
    def likeness(self) -> Floats:
        """(3, items): likeness of each title to those of the past, averaged with each of `weights`."""
        return self.content.likeness(self.distinct, self.weights)

    def _faded(self, half_life_days: float) -> Floats:
        ages = (self.ts - np.array(self.shopper.ts, np.float64)) / DAY_MS
        items = np.array(self.shopper.items, np.int64)
        faded: Floats = np.bincount(items, np.exp2(-ages / half_life_days), len(self.market.names)).astype(np.float64)
        return faded

    def _neighbours(self, together: Singles) -> Floats:
        # An item that nobody bought has no norm; 1 leaves its zeros as they are.
        norms = 1 / np.sqrt(np.maximum(together.diagonal(), 1))
        weights = (self.weights * norms[self.distinct]).astype(np.float32)
        total: Floats = (weights @ together[self.distinct] * norms).astype(np.float64)
        return total
