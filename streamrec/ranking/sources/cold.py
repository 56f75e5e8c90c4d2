"""Where candidates come from of which no sale tells: each has its turn, and those whose text suits the user come first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.sums import among
from streamrec.ranking.sources.source import Shipped, Slots
from streamrec.ranking.sources.warm import TrendingSource
from streamrec.state.user import BOUGHT, HIDDEN, REFUSED
from streamrec.system.clock import HOUR_MS
from streamrec.system.compiled import jit

BITS_32, KNUTH = 0xFFFFFFFF, 2_654_435_761
"""The multiplier is that of Knuth's multiplicative hash: the prime next to 2^32 / golden ratio."""
NEWEST = 1000
"""Of more unsold items only those listed last are compared with what a user likes: every user of a micro-batch pays for each."""


class NewSource(Shipped):
    """The items that were put on sale last before the newest trigger; the same for all users."""

    name, count = "new", 30

    def fetch(self, context: Context) -> Slots:
        created, now = context.catalogue.items.created, context.queries.now
        known = np.where(created <= now.max(initial=0), created, 0)
        return np.repeat(context.top(known[None, :], self.count), context.queries.size, axis=0)


class UnsoldSource(Shipped):
    """Items that nobody ever bought, others every hour: so that each has its turn to be explored, however long it has been listed."""

    name, count = "unsold", 20

    def fetch(self, context: Context) -> Slots:
        return _in_turn(context, context.catalogue.items.sold_at == 0, self.count)


class AkinSource(Shipped):
    """Items that nobody ever bought whose words are most like those of the user's interest: where no sale tells whom one suits, they do."""

    name, count = "akin", 40

    def fetch(self, context: Context) -> Slots:
        items, asked = context.catalogue.items, context.queries
        unsold = np.flatnonzero(context.pool & (items.sold_at == 0)).astype(np.int32)
        if not len(unsold):
            return np.full((asked.size, 0), -1, np.int32)
        unsold = unsold[np.lexsort((context.id_rank[unsold], -items.created[unsold]))]
        first = np.searchsorted(-items.created[unsold], -asked.now)[:, None]
        slots = np.append(unsold, np.int32(-1))[np.minimum(first + np.arange(min(NEWEST, len(unsold))), len(unsold))]
        return context.top_listed(slots, items.lexicon.alike(asked.recent.slots, asked.recent.values[None], slots)[0], self.count)


class RestSource(Shipped):
    """Any items that the user neither bought nor hid, others every hour, for users to whom the sources before may have nothing to propose:
    no list stays empty while there is something to fill it with."""

    name, count = "rest", 30

    def fetch(self, context: Context) -> Slots:
        asked, items = context.queries, context.catalogue.items
        touched = np.concatenate([asked.bought.slots, asked.hidden, asked.refused], axis=1)
        selling = min(int(np.count_nonzero(context.pool & (items.trend > 0))), TrendingSource.count)
        short = selling - (touched >= 0).sum(axis=1) < self.count
        if not short.any():
            return np.full((asked.size, 0), -1, np.int32)
        # So many that `count` are left of them whatever a row holds.
        rest = _in_turn(context, np.ones(items.size, bool), self.count + BOUGHT + HIDDEN + REFUSED)
        open_ = (rest >= 0) & ~among(touched, rest, items.size) & short[:, None]
        first = np.argsort(~open_, axis=1, kind="stable")[:, : self.count]
        return np.take_along_axis(np.where(open_, rest, np.int32(-1)), first, axis=1)


def _in_turn(context: Context, wanted: NDArray[np.bool_], count: int) -> Slots:
    """`count` of the `wanted` slots (slots,) that were listed before the hour of the trigger, by lots that are drawn anew every hour.

    They are the same, and in the same order, for all who ask in one hour.
    """
    items, hour = context.catalogue.items, context.queries.now // HOUR_MS
    slots = np.full((len(hour), count), -1, np.int32)
    for each in sorted(set(hour.tolist())):
        turns = _turns(items.lot, items.created, wanted, each * HOUR_MS, np.uint32(each * KNUTH & BITS_32))
        (first,) = context.top(turns[None, :], count)
        slots[hour == each, : len(first)] = first[np.lexsort((context.id_rank[first], -turns[first]))]
    return slots


@jit
def _turns(
    lots: NDArray[np.uint32], created: NDArray[np.int64], wanted: NDArray[np.bool_], until_ms: int, mix: np.uint32
) -> NDArray[np.float64]:
    """A number above 0 for each wanted slot that was listed by then, 0 for the others: the higher, the sooner is its turn."""
    turns = np.zeros(len(lots))
    for slot in range(len(lots)):
        if wanted[slot] and created[slot] <= until_ms:
            # A bijection of 32 bits for each hour: Knuth's multiplicative hash of the lot mixed with the hour's.
            turns[slot] = 1.0 + np.uint32((lots[slot] ^ mix) * np.uint32(KNUTH))
    return turns
