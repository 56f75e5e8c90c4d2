"""What the facts behind reasons are read from: the listed places, and the user's own items beside them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import NEVER, PURCHASE
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.gathering import around, held, reached, taken
from streamrec.ranking.batch.own_items import likeness, met
from streamrec.ranking.features import inputs
from streamrec.ranking.features.inputs import Inputs
from streamrec.ranking.features.resemblance import floor
from streamrec.state.crowd import MILESTONES
from streamrec.state.item import MONTH

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
OF_USER = inputs.OF_USER | {"opened", "has_history"}
OWN = 16
"""Only this many of the user's newest items are looked at: each is compared with every place of the list, through all of its links."""
AROUND = np.log(2.0)
"""How far (in logarithms) a price may lie from another that is about the same."""
_COUNTS = np.array([0, *MILESTONES])
_BEYOND = np.array([*MILESTONES, np.iinfo(np.int64).max])


class Listed(Inputs):
    """The inputs of features at the listed places, of shape (users, k), and what only facts read."""

    def __init__(self, context: Context, slots: NDArray[np.int32]) -> None:
        """`slots` (users, k) are -1 behind the last place."""
        super().__init__(context, Candidates(slots, np.zeros(slots.shape, np.uint16), slots >= 0))

    # Who bought the item.

    def people(self, days: int) -> Ints:
        """So many people at least bought the item for the first time within the last `days`."""
        return _COUNTS[self._reached(days)]

    def people_at_most(self, days: int) -> Ints:
        """So many people at most bought the item for the first time within the last `days`; `days` is a season at most."""
        # A day, since older first purchases are kept by the day: one that begins before the span may end in it.
        return np.asarray(_BEYOND[self._reached(days + 1)] - 1)

    def _reached(self, days: int) -> Ints:
        return reached(self._items.milestones, self._items.counted_at, self._slots, self._queries.now, days)

    @cached_property
    def people_1d(self) -> Ints:
        return self.people(1)

    @cached_property
    def people_7d(self) -> Ints:
        return self.people(7)

    @cached_property
    def people_30d(self) -> Ints:
        return self.people(30)

    @cached_property
    def people_90d(self) -> Ints:
        return self.people(90)

    @property
    def people_30d_at_most(self) -> Ints:
        return self.people_at_most(30)

    @property
    def people_90d_at_most(self) -> Ints:
        return self.people_at_most(90)

    @property
    def begun(self) -> Ints:
        """Time of the oldest first purchase that was counted; 0 without any."""
        return taken(self._items.begun, self._slots)

    @property
    def people_ever(self) -> Ints:
        """People who bought the item."""
        return taken(self._items.people, self._slots)

    @property
    def returned(self) -> Ints:
        """People who bought the item a second time."""
        return taken(self._items.returned, self._slots)

    @property
    def many_in_country(self) -> Mask:
        """Whether many people of the user's country bought the item."""
        return held(self._items.country, self._items.many_there, self._queries.country, self._slots)

    @property
    def proven(self) -> NDArray[np.float32]:
        """Purchases of a month as they are believed, of accounts without standing only a few."""
        return self._count(self._items.counts[:, PURCHASE, MONTH], MONTH)

    @property
    def wanted_until(self) -> Ints:
        """Until when several viewers wanted the item lately; 0 where they did not."""
        return taken(self._items.wanted_until, self._slots)

    @property
    def praised_until(self) -> Ints:
        """The same of praise."""
        return taken(self._items.praised_until, self._slots)

    @property
    def praised_for(self) -> NDArray[np.int8]:
        """What they praise about it, by place in ASPECTS from 1; 0 where nothing tells."""
        return taken(self._items.praised_for, self._slots)

    @property
    def opened(self) -> Ints:
        """When (ms) the shop was first heard of; NEVER for one that was not."""
        return np.full((len(self._slots), 1), self._items.first_sale.min(initial=NEVER))

    @property
    def dated(self) -> Mask:
        """Whether a listing date is known."""
        return np.asarray(taken(self._items.created, self._slots) > 0)

    # The user.

    @property
    def owned_around(self) -> Ints:
        """How many of the things that the user bought cost about the same, within AROUND."""
        return around(self._items.log_price, self._queries.bought.slots, self._slots, AROUND)

    @property
    def asked_about(self) -> NDArray[np.int8]:
        """What the user asked about the item last, by place in ASPECTS from 1; 0 for nothing."""
        queries = self._queries
        return np.asarray(self._sums(queries.asked.slots, queries.asked_about[None].astype(np.float64))[0], np.int8)

    @property
    def has_history(self) -> Mask:
        """Whether there is something for BERT to read beside an item: what was touched, or what was written within the hour."""
        touched = (self._queries.recent.slots >= 0).any(axis=1)
        return np.asarray(touched | np.array([said != "" for said in self._queries.said], bool))[:, None]

    # The user's newest items beside the listed ones: arrays of shape (users, k, own).

    @cached_property
    def own(self) -> NDArray[np.int32]:
        """The slots of these items (users, own), -1 behind the last."""
        return np.ascontiguousarray(self._queries.recent.slots[:, :OWN])

    @property
    def in_last(self) -> Mask:
        """Which of them are of the user's last basket, of shape (users, 1, own)."""
        return np.asarray(self._queries.last[:, None, :OWN])

    @cached_property
    def likeness(self) -> NDArray[np.float32]:
        """Cosines of texts, 0 below what one pair of items in a thousand reaches."""
        # Without a model there are no vectors, and no floor is measured.
        least = floor(self._items) if self._items.vectors.shape[1] else np.inf
        return likeness(self._items.vectors, self._slots, self.own, least)

    @cached_property
    def shared(self) -> NDArray[np.float32]:
        """How often one was bought by somebody who had bought or seen the other; the user's own purchases do not count."""
        return self._met(*self._context.catalogue.links.tables(self.own))

    @cached_property
    def led(self) -> NDArray[np.float32]:
        """How often the listed one was in the basket after one with the other; the user's own purchases do not count."""
        return self._met(*self._context.catalogue.leads.tables(self.own))

    def _met(self, linked: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
        # Whoever has the listed item may be the only one who bought both.
        return met(linked, weights, np.where(self.bought > 0, np.int32(-1), self._slots), self.own)
