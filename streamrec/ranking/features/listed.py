"""What the facts behind reasons are read from: the listed places, and the user's own items beside them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import NEVER, PURCHASE
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import Tallies
from streamrec.ranking.features.inputs import Inputs
from streamrec.ranking.features.resemblance import floor
from streamrec.state.crowd import HOUR_MS, MILESTONES
from streamrec.state.item import MONTH
from streamrec.system.clock import DAY_MS

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
OWN = 16
"""Only this many of the user's newest items are looked at: each is compared with every place of the list, through all of its links."""
_COUNTS = np.array([0, *MILESTONES])
_BEYOND = np.array([*MILESTONES, np.iinfo(np.int64).max])


class Listed(Inputs):
    """The inputs of features at the listed places, of shape (users, k), and what only facts read."""

    def __init__(self, context: Context, slots: NDArray[np.int32]) -> None:
        """`slots` (users, k) are -1 behind the last place."""
        super().__init__(context, Candidates(slots, np.zeros(slots.shape, np.uint16), slots >= 0))

    # Who bought the item.

    @cached_property
    def _reached(self) -> NDArray[np.int64]:
        """When (ms; an hour or a day begins) the newest first purchases began, for each of MILESTONES; -1 where they are fewer."""
        ago = self._items.milestones[self._slots].astype(np.int64)
        hours = self._items.counted_at[self._slots][:, :, None] // HOUR_MS - ago
        return np.where(ago >= 0, hours * HOUR_MS, -1)

    def people(self, days: int) -> NDArray[np.int64]:
        """So many people at least bought the item for the first time within the last `days`."""
        return np.asarray(_COUNTS[(self._reached >= self.now[:, :, None] - days * DAY_MS).sum(axis=2)])

    def people_at_most(self, days: int) -> NDArray[np.int64]:
        """So many people at most bought the item for the first time within the last `days`; `days` is a season at most."""
        # A day, since older first purchases are kept by the day: one that begins before the span may end in it.
        return np.asarray(_BEYOND[(self._reached >= self.now[:, :, None] - (days + 1) * DAY_MS).sum(axis=2)] - 1)

    @property
    def begun(self) -> NDArray[np.int64]:
        """Time of the oldest first purchase that was counted; 0 without any."""
        return self._items.begun[self._slots]

    @property
    def people_ever(self) -> NDArray[np.int64]:
        """People who bought the item."""
        return self._items.people[self._slots]

    @property
    def returned(self) -> NDArray[np.int64]:
        """People who bought the item a second time."""
        return self._items.returned[self._slots]

    @property
    def many_in_country(self) -> Mask:
        """Whether many people of the user's country bought the item."""
        country = self._queries.country
        here = self._items.country[self._slots] == np.where(country > 0, country, -1)[:, None, None]
        return np.asarray((self._items.many_there[self._slots] & here).any(axis=2))

    @property
    def proven(self) -> NDArray[np.float32]:
        """Purchases of a month as they are believed, of accounts without standing only a few."""
        return self._count(self._items.counts[:, PURCHASE, MONTH], MONTH)

    @property
    def opened(self) -> int:
        """When (ms) the shop was first heard of; NEVER for one that was not."""
        return int(self._items.first_sale.min(initial=NEVER))

    @property
    def dated(self) -> Mask:
        """Whether a listing date is known."""
        return np.asarray(self._items.created[self._slots] > 0)

    # The user.

    @property
    def owned(self) -> Tallies:
        """What the user bought."""
        return self._queries.bought

    @property
    def owned_log_price(self) -> NDArray[np.float32]:
        """What that costs now (users, owned), NaN behind the last."""
        slots = self._queries.bought.slots
        return np.where(slots >= 0, self._items.log_price[slots], np.float32(np.nan))

    @property
    def has_history(self) -> Mask:
        """Whether there is something for BERT to read beside an item: what was touched, or what was written within the hour."""
        touched = (self._queries.recent.slots >= 0).any(axis=1)
        return np.asarray(touched | np.array([said != "" for said in self._queries.said], bool))[:, None]

    # The user's newest items beside the listed ones: arrays of shape (users, k, own).

    @cached_property
    def own(self) -> NDArray[np.int32]:
        """The slots of these items (users, own), -1 behind the last."""
        return self._queries.recent.slots[:, :OWN]

    @cached_property
    def _apart(self) -> Mask:
        return np.asarray((self.own >= 0)[:, None, :] & (self.own[:, None, :] != self._slots[:, :, None]))

    @property
    def in_last(self) -> Mask:
        """Which of them are of the user's last basket, of shape (users, 1, own)."""
        return np.asarray(self._queries.last[:, None, :OWN])

    @cached_property
    def likeness(self) -> Floats:
        """Cosines of texts, 0 below what one pair of items in a thousand reaches."""
        vectors = self._items.vectors
        if not (vectors.shape[1] and self.own.shape[1]):
            return np.zeros(self._apart.shape)
        cosines = np.matmul(vectors[self._slots], vectors[self.own].transpose(0, 2, 1))
        return np.where(self._apart & (cosines >= floor(self._items)), cosines, 0.0)

    @cached_property
    def shared(self) -> Floats:
        """How often one was bought by somebody who had bought or seen the other; the user's own purchases do not count."""
        # Whoever has the listed item may be the only one who bought both.
        return np.where(self.bought[:, :, None] > 0, 0.0, self._linked(self._context.catalogue.links.rows(self.own)))

    @cached_property
    def led(self) -> Floats:
        """How often the listed one was in the basket after one with the other; the user's own purchases do not count."""
        return np.where(self.bought[:, :, None] > 0, 0.0, self._linked(self._context.catalogue.leads.rows(self.own)))

    def _linked(self, rows: tuple[NDArray[np.int32], NDArray[np.float32]]) -> Floats:
        linked, weights = rows
        met = linked[:, None, :, :] == self._slots[:, :, None, None]
        return np.where(self._apart, np.where(met, weights[:, None, :, :], 0.0).sum(axis=3), 0.0)
