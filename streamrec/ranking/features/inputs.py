"""What the formulas of features read."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.gathering import interest_in
from streamrec.ranking.batch.padding import side_by_side
from streamrec.ranking.batch.sums import among, sums_at
from streamrec.ranking.batch.tallies import Tallies
from streamrec.ranking.batch.vectors import centres, cosines
from streamrec.ranking.features.selling import Floats, Selling, Singles
from streamrec.state.before import BASKET_MS

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
OF_USER = frozenset(
    {"now", "interest", "items_owned", "usually_again", "last_basket_at", "basket_before_at", "usual_log_price", "baskets"}
    | {"last_bought_at", "candidates"}
)
"""The inputs that are the same for all candidates of a user."""


class Inputs(Selling):
    """Arrays of shape (users, candidates), those `OF_USER` of (users, 1); times are in ms. Each is worked out when it is asked for."""

    # How the item is tied to what the user touched.

    @cached_property
    def _covisits(self) -> Floats:
        return self._sums(self._context.covisits.slots, self._context.covisits.sums)

    @property
    def covisits(self) -> Floats:
        """Cosines of purchases along with the user's recent items, weighed by interest."""
        return np.asarray(self._covisits[0])

    @property
    def covisits_last(self) -> Floats:
        """The same with the last basket."""
        return np.asarray(self._covisits[1])

    @property
    def follows(self) -> Floats:
        """Cosines of purchases in the basket after one like the user's last."""
        return np.asarray(self._sums(self._context.follows.slots, self._context.follows.sums)[0])

    @cached_property
    def _similarity(self) -> tuple[Singles, Singles]:
        vectors, queries = self._items.vectors, self._queries
        return cosines(
            vectors, self._context.interest, centres(vectors, queries.recent.slots, queries.last.astype(np.float32)), self._slots
        )

    @property
    def similarity(self) -> Singles:
        """Cosine of the item's text vector and the user's interest vector."""
        return self._similarity[0]

    @property
    def similarity_last(self) -> Singles:
        """Cosine of the item's text vector and the mean vector of the user's last basket."""
        return self._similarity[1]

    @cached_property
    def _same_words(self) -> Singles:
        # What the user is not interested in any more has no part in either.
        recent = self._queries.recent
        weights = np.stack([recent.values, self._queries.last & (recent.values != 0)], dtype=np.float64)
        return self._items.lexicon.alike(recent.slots, weights, self._slots)

    @property
    def same_words(self) -> Singles:
        """Cosine of the item's words and those of what the user is interested in."""
        return np.asarray(self._same_words[0])

    @property
    def same_words_last(self) -> Singles:
        """Cosine of the item's words and those of the user's last basket."""
        return np.asarray(self._same_words[1])

    # What the user did with the item, or with things of its kind.

    @cached_property
    def _owned(self) -> Floats:
        queries = self._queries
        told = (queries.bought.values, queries.bought.ts, queries.bought_times, queries.bought_since)
        return self._sums(queries.bought.slots, np.stack(told, dtype=np.float64))

    @property
    def bought(self) -> Floats:
        """Decayed purchases by the user, half-life 60 days."""
        return np.asarray(self._owned[0])

    @property
    def bought_at(self) -> Floats:
        """Time of the newest of them; 0 where there was none, as in the next two."""
        return np.asarray(self._owned[1])

    @property
    def bought_times(self) -> Floats:
        """Their number."""
        return np.asarray(self._owned[2])

    @property
    def bought_since(self) -> Floats:
        """Time of the first, where there are several."""
        return np.asarray(self._owned[3])

    @property
    def interest_in_category(self) -> Floats:
        """The user's interest in recent items of the candidate's category; 0 for a candidate without one."""
        return interest_in(self._items.category, self._queries.recent.slots, self._queries.recent.values, self._slots)

    @property
    def interest_in_brand(self) -> Floats:
        return interest_in(self._items.brand, self._queries.recent.slots, self._queries.recent.values, self._slots)

    @property
    def seen(self) -> Floats:
        """Decayed views, clicks and carts, half-life 60 days."""
        return self._tallied(self._queries.seen)

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
    def interest(self) -> Floats:
        """All of the user's interest in recent items."""
        recent = self._queries.recent
        return np.asarray(recent.values.sum(axis=1, where=recent.slots >= 0)[:, None])

    @property
    def items_owned(self) -> Ints:
        return np.asarray((self._queries.bought.slots >= 0).sum(axis=1, keepdims=True))

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
            return np.zeros(self._slots.shape, bool)
        return among(side_by_side(room.shelf if room else () for room in rooms), self._slots, self._items.size)

    @property
    def on_air(self) -> Mask:
        """Whether the host of the user's room shows the item right now."""
        shown = np.array([room.on_air if room else -1 for room in self._queries.rooms], np.int32)[:, None]
        return np.asarray((self._slots == shown) & (shown >= 0))

    @property
    def named(self) -> Floats:
        """How often the user wrote of the item, half-life 2 hours."""
        return self._tallied(self._queries.named)

    @property
    def wanted(self) -> Floats:
        """How often the user wrote to want the item, half-life 2 hours."""
        return self._tallied(self._queries.wanted)

    @property
    def asked_at(self) -> Floats:
        """When the user asked about the item last; 0 for never."""
        asked = self._queries.asked
        return np.asarray(self._sums(asked.slots, asked.values[None])[0])

    @property
    def shown(self) -> Floats:
        """How often the user saw the item, half-life 2 hours."""
        return self._tallied(self._queries.shown)

    def _tallied(self, tallies: Tallies) -> Floats:
        return np.asarray(self._sums(tallies.slots, tallies.values[None])[0])

    def _sums(self, slots: NDArray[np.int32], values: Floats) -> Floats:
        return sums_at(self._slots, self._items.size, slots, values)
