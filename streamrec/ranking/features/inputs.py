"""What the formulas of features read."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import PURCHASE
from streamrec.ranking.batch.candidates import Candidates, among
from streamrec.ranking.batch.cells import Cells
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import Tallies, side_by_side
from streamrec.state.before import BASKET_MS
from streamrec.state.item import DAY, HALF_LIVES, MONTH, SEASON, WEEK

Singles = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Inputs:
    """Arrays of shape (users, candidates), or (users, 1) where a value is the user's; times are in ms.

    What does not apply to a whole micro-batch (no room, no text model) is a single 0, of shape (1, 1). Only what is read more than once
    is kept: an array that is let go leaves its memory, still in the processor's cache, to the next.
    """

    def __init__(self, context: Context, candidates: Candidates) -> None:
        self._context, self._candidates = context, candidates
        self._queries, self._items, self._slots = context.queries, context.catalogue.items, candidates.slots
        queries, items, slots = self._queries, self._items, self._slots
        self.now: Ints = queries.now[:, None]
        # What several formulas read. Counts are purchases, and views at a tenth, decayed to the user's time.
        self._counted_ago = np.maximum(self.now - items.counted_at[slots], 0).astype(np.float32)
        self._appeal: Singles = items.appeal[slots]
        self._month_left = left(self._counted_ago, HALF_LIVES[MONTH])
        self.count_7d = self._appeal[:, :, WEEK] * left(self._counted_ago, HALF_LIVES[WEEK])
        self.count_30d = self._appeal[:, :, MONTH] * self._month_left
        self.count_90d = self._appeal[:, :, SEASON] * left(self._counted_ago, HALF_LIVES[SEASON])
        self.log_price: Floats = items.log_price[slots].astype(np.float64)
        self.covisits, self.covisits_last = context.covisits.at(slots, "recent", "last")
        """Cosines of purchases along with the user's recent items, weighed by interest; and with the last basket."""
        owned = Cells(
            queries.bought.slots,
            items.size,
            count=queries.bought.values,
            ts=queries.bought.ts.astype(np.float64),
            times=queries.bought_times.astype(np.float64),
            since=queries.bought_since.astype(np.float64),
        )
        self.bought, self.bought_at, self.bought_times, self.bought_since = owned.at(slots, "count", "ts", "times", "since")
        """Decayed purchases by the user, half-life 60 days, the time of the newest, their number, and the time of the first where there
        are several; 0 where there was none."""
        self.interest: Floats = queries.recent.values.sum(axis=1, where=queries.recent.slots >= 0)[:, None]
        """All of the user's interest in recent items."""
        self.items_owned: Ints = (queries.bought.slots >= 0).sum(axis=1, keepdims=True)

    # How the item sells.

    @property
    def count_1d(self) -> Singles:
        return self._appeal[:, :, DAY] * left(self._counted_ago, HALF_LIVES[DAY])

    @property
    def count_in_country(self) -> Floats:
        """Purchases from the user's country, half-life 30 days."""
        country, items = self._queries.country, self._items
        if not country.any():
            return np.zeros((1, 1))
        here = items.country[self._slots] == np.where(country > 0, country, -1)[:, None, None]
        return np.asarray((items.country_count[self._slots] * here).sum(axis=2) * self._month_left)

    @property
    def newcomers_7d(self) -> Singles:
        """Purchases by people who were new to the shop."""
        return np.asarray(self._items.newcomers[self._slots, WEEK] * left(self._counted_ago, HALF_LIVES[WEEK]))

    @property
    def newcomers_30d(self) -> Singles:
        return np.asarray(self._items.newcomers[self._slots, MONTH] * self._month_left)

    @property
    def first_seen(self) -> Ints:
        """When the item was made or first heard of; 0 where nothing tells."""
        return self._items.first_seen(self._slots)

    @property
    def sold_at(self) -> Ints:
        """Time of the newest purchase; 0 where there was none."""
        return self._items.sold_at[self._slots]

    @property
    def purchases(self) -> Floats:
        """Half-life 90 days, as of the newest event of the item."""
        return np.asarray(self._items.counts[self._slots, PURCHASE, SEASON])

    @cached_property
    def usually_again(self) -> Floats:
        """The share of all purchases in the shop that are by people who had bought the item before."""
        purchases = float(self._items.counts[:, PURCHASE, SEASON].sum())
        return np.full((1, 1), float(self._items.again.sum()) / purchases if purchases > 0 else 0.0)

    @property
    def purchases_again(self) -> Floats:
        """Those of `purchases` by people who had bought the item before."""
        return self._items.again[self._slots]

    # How the item is tied to what the user touched.

    @property
    def follows(self) -> Floats:
        """Cosines of purchases in the basket after one like the user's last."""
        return self._context.follows.at(self._slots, "last")[0]

    @property
    def similarity(self) -> Singles:
        """Cosine of the item's text vector and the user's interest vector."""
        if not self._context.similarity.size:
            return np.zeros((1, 1), np.float32)
        return np.take_along_axis(self._context.similarity, self._slots.astype(np.intp), axis=1)

    @property
    def similarity_last(self) -> Singles:
        """Cosine of the item's text vector and the mean vector of the user's last basket."""
        if not self._context.similarity.size:
            return np.zeros((1, 1), np.float32)
        queries, vectors = self._queries, self._items.vectors
        weights = (queries.last & (queries.recent.slots >= 0)).astype(np.float32)
        last = np.matmul(weights[:, None, :], vectors[queries.recent.slots])[:, 0]
        last /= np.maximum(np.linalg.norm(last, axis=1, keepdims=True), 1e-9)
        cosines = np.empty(self._slots.shape, np.float32)
        # User by user, so that the gathered vectors stay in the processor's cache.
        for own, of_user, similarity in zip(last, self._slots, cosines, strict=True):
            np.matmul(vectors[of_user], own, out=similarity)
        return cosines

    @property
    def same_words(self) -> Singles:
        """Cosine of the item's words and those of what the user is interested in."""
        return self._same_words[0]

    @property
    def same_words_last(self) -> Singles:
        """Cosine of the item's words and those of the user's last basket."""
        return self._same_words[1]

    @cached_property
    def _same_words(self) -> tuple[Singles, Singles]:
        lexicon, recent = self._items.lexicon, self._queries.recent
        weights = np.where(recent.slots >= 0, recent.values, 0.0)
        if not weights.any():
            return np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32)
        of_interest, of_last = np.zeros((2, *self._slots.shape), np.float32)
        # User by user: one row of all words fits into the processor's cache, those of a micro-batch do not.
        for user, slots in enumerate(self._slots):
            took = np.flatnonzero(weights[user])
            if not len(took):
                continue
            own, last = recent.slots[user, took], self._queries.last[user, took].astype(np.float64)
            profiles = [lexicon.profile(own, weight) for weight in (weights[user, took], last)]
            of_interest[user], of_last[user] = lexicon.cosines(profiles, slots)
        return of_interest, of_last

    # What the user did with the item, or with things of its kind.

    @property
    def interest_in_category(self) -> Floats:
        """The user's interest in recent items of the candidate's category; 0 for a candidate without one."""
        return self._interest_in(self._items.category)

    @property
    def interest_in_brand(self) -> Floats:
        return self._interest_in(self._items.brand)

    def _interest_in(self, labels: NDArray[np.int32]) -> Floats:
        recent, kinds = self._queries.recent, int(labels.max(initial=0)) + 1
        if kinds == 1 or not recent.slots.size:
            return np.zeros((1, 1))
        of_recent = np.where(recent.slots >= 0, labels[recent.slots], -1)
        of_candidates = labels[self._slots]
        (interest,) = Cells(of_recent, kinds, amount=recent.values).at(of_candidates, "amount")
        return np.where(of_candidates > 0, interest, 0.0)

    @property
    def seen(self) -> Floats:
        """Decayed views, clicks and carts, half-life 60 days."""
        return self._sum(self._queries.seen)

    @property
    def last_basket_at(self) -> Floats:
        """When the user's last basket began, at the earliest; NaN for one who bought nothing."""
        newest = self.last_bought_at.astype(np.float64)
        return np.where(newest > 0, newest - BASKET_MS, np.nan)

    @property
    def basket_before_at(self) -> Floats:
        """The same of the basket before it."""
        bought = self._queries.bought.ts
        earlier = np.where(bought < self.last_bought_at - BASKET_MS, bought, 0).max(axis=1, keepdims=True, initial=0)
        return np.where(earlier > 0, earlier - float(BASKET_MS), np.nan)

    # The user, for all candidates alike.

    @property
    def usual_log_price(self) -> Floats:
        """Mean logarithm of the prices that the user paid; NaN for one who bought nothing."""
        return self._queries.log_price[:, None]

    @property
    def baskets(self) -> Ints:
        return self._queries.baskets[:, None]

    @property
    def last_bought_at(self) -> Ints:
        """Time of the user's newest purchase; 0 where there was none."""
        return np.asarray(self._queries.bought.ts.max(axis=1, keepdims=True, initial=0))

    @property
    def candidates(self) -> Ints:
        """How many candidates passed the filters."""
        return np.asarray(self._candidates.kept.sum(axis=1, keepdims=True), np.int64)

    # The moment.

    @property
    def on_shelf(self) -> Mask:
        """Whether the item is on the shelf of the user's room."""
        rooms = self._queries.rooms
        if not any(rooms):
            return np.zeros((1, 1), bool)
        return among(side_by_side(room.shelf if room else () for room in rooms), self._slots, self._items.size)

    @property
    def on_air(self) -> Mask:
        """Whether the host of the user's room shows the item right now."""
        rooms = self._queries.rooms
        if not any(rooms):
            return np.zeros((1, 1), bool)
        shown = np.array([room.on_air if room else -1 for room in rooms], np.int32)[:, None]
        return np.asarray((self._slots == shown) & (shown >= 0))

    @property
    def named(self) -> Floats:
        """How often the user wrote of the item, half-life 2 hours."""
        return self._sum(self._queries.named)

    @property
    def shown(self) -> Floats:
        """How often the user saw the item, half-life 2 hours."""
        return self._sum(self._queries.shown)

    def _sum(self, tallies: Tallies) -> Floats:
        (sums,) = Cells(tallies.slots, self._items.size, count=tallies.values).at(self._slots, "count")
        return sums


def left(age_ms: Singles, half_life_ms: float) -> Singles:
    """What is left of one after a time; by exp, which numpy computes in vector instructions in single precision."""
    return np.asarray(np.exp(age_ms * np.float32(-math.log(2) / half_life_ms)))
