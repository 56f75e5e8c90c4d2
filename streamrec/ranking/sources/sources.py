"""Where candidates come from. Every source stands here once, with the most that it proposes; the last lines list them in order."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.rooms import LiveRoom
from streamrec.ranking.batch.candidates import among
from streamrec.ranking.batch.cells import within
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import side_by_side
from streamrec.ranking.batch.rule_hits import ITEM, in_force, target_numbers, timely_rules
from streamrec.state.item import COUNTRY_HALF_LIFE
from streamrec.state.user import BOUGHT, HIDDEN, NAMED

Slots = NDArray[np.int32]
HOUR_MS = 3_600_000
BITS_32, KNUTH = 0xFFFFFFFF, 2_654_435_761
"""The multiplier is that of Knuth's multiplicative hash: the prime next to 2^32 / golden ratio."""


class Source(Protocol):
    """Proposes candidates. One that fails is left out of the micro-batch and counted."""

    name: str

    def fetch(self, context: Context) -> Slots:
        """Slots of shape (users, n), padded with -1, in any order, without repeats within a row."""
        ...


class Shipped:
    """A source of streamrec's own: proposes at most `count` items for each user. An instance may have another number than its class."""

    name: str
    count: int
    proposes_repeats = False
    """Whether all that it proposes was bought before, so that without repeats there is no use for it."""

    def __init__(self, count: int | None = None) -> None:
        if count is not None:
            self.count = count

    def fetch(self, context: Context) -> Slots:
        raise NotImplementedError


class ShelfSource(Shipped):
    """The shelf of the room in which the user is, and what is on air there."""

    name, count = "shelf", 200

    def fetch(self, context: Context) -> Slots:
        return side_by_side(self._of(room) if room else () for room in context.queries.rooms)

    def _of(self, room: LiveRoom) -> list[int]:
        on_air = [room.on_air] if room.on_air >= 0 else []
        return list(dict.fromkeys([*on_air, *room.shelf.tolist()]))[: self.count]


class LiveSource(Shipped):
    """Items on the shelves of all live rooms, those on air first, then by trend."""

    name, count = "live", 200

    def fetch(self, context: Context) -> Slots:
        items, rooms = context.catalogue.items, context.catalogue.rooms
        trend = items.trend
        ahead = (trend.max() if len(trend) else 0.0) + 1.0
        appeal = np.where(rooms.on_shelf(items.size), 1.0 + trend + ahead * rooms.on_air(items.size), 0.0)
        return np.repeat(context.top(appeal[None, :], self.count), context.queries.size, axis=0)


class CovisitedSource(Shipped):
    """Items bought along with the user's recent ones."""

    name, count = "covisited", 150

    def fetch(self, context: Context) -> Slots:
        return context.top_cells(context.covisits, "recent", self.count)


class NearestSource(Shipped):
    """Items whose BERT vectors are nearest to the user's interest vector, by one matrix product over all items."""

    name, count = "nearest", 150

    def fetch(self, context: Context) -> Slots:
        if not context.similarity.size:
            return np.full((context.queries.size, 0), -1, np.int32)
        return context.top(context.similarity, self.count)


class TrendingSource(Shipped):
    """Items that sell or are looked at most, by a 7-day half-life; the same for all users."""

    name, count = "trending", 150

    def fetch(self, context: Context) -> Slots:
        return np.repeat(context.top(context.catalogue.items.trend[None, :], self.count), context.queries.size, axis=0)


class PopularSource(Shipped):
    """Items that sold or were looked at most, by a 90-day half-life; the same for all users."""

    name, count = "popular", 100

    def fetch(self, context: Context) -> Slots:
        return np.repeat(context.top(context.catalogue.items.lasting[None, :], self.count), context.queries.size, axis=0)


class CountrySource(Shipped):
    """Items that sold most in the user's country, by a 30-day half-life."""

    name, count = "country", 60

    def fetch(self, context: Context) -> Slots:
        items, country = context.catalogue.items, context.queries.country
        slots = np.full((len(country), self.count), -1, np.int32)
        if not country.any():
            return slots
        # As of one time for all items; which time it is does not matter to their order.
        left = np.exp2((items.counted_at - context.queries.now.max(initial=0)) / COUNTRY_HALF_LIFE)
        for number in np.unique(country[country > 0]).tolist():
            sold = np.where(items.country == number, items.country_count, 0.0).sum(axis=1) * left
            best = context.top(sold[None, :], self.count)
            slots[country == number, : best.shape[1]] = best
        return slots


class FollowingSource(Shipped):
    """Items bought in the basket after one like the user's last."""

    name, count = "following", 60

    def fetch(self, context: Context) -> Slots:
        return context.top_cells(context.follows, "last", self.count)


class MentionedSource(Shipped):
    """Items that the user wrote about: all that a row keeps."""

    name, count = "mentioned", NAMED

    def fetch(self, context: Context) -> Slots:
        return context.top_listed(context.queries.named.slots, context.queries.named.values, self.count)


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


class RestSource(Shipped):
    """Any items that the user neither bought nor hid, others every hour, for users to whom the sources before may have nothing to propose:
    no list stays empty while there is something to fill it with."""

    name, count = "rest", 30

    def fetch(self, context: Context) -> Slots:
        asked, items = context.queries, context.catalogue.items
        touched = np.concatenate([asked.bought.slots, asked.hidden], axis=1)
        selling = min(int(np.count_nonzero(context.pool & (items.trend > 0))), TrendingSource.count)
        short = selling - (touched >= 0).sum(axis=1) < self.count
        if not short.any():
            return np.full((asked.size, 0), -1, np.int32)
        # So many that `count` are left of them whatever a row holds.
        rest = _in_turn(context, np.ones(items.size, bool), self.count + BOUGHT + HIDDEN)
        open_ = (rest >= 0) & ~among(touched, rest, items.size) & short[:, None]
        first = np.argsort(~open_, axis=1, kind="stable")[:, : self.count]
        return np.take_along_axis(np.where(open_, rest, np.int32(-1)), first, axis=1)


class RuleSource(Shipped):
    """Items that a rule pins or boosts, by name: of too many the pins first, then the rules that come first by id."""

    name, count = "rules", 200

    def fetch(self, context: Context) -> Slots:
        by_action = [self._of(context, action) for action in ("pin", "boost")]
        user, slot = (np.concatenate(parts) for parts in zip(*by_action, strict=True))
        _, first = np.unique(user * np.int64(max(len(context.pool), 1)) + slot, return_index=True)
        first.sort()
        order = first[np.argsort(user[first], kind="stable")]
        column, _ = within(user[order], context.queries.size)
        order, column = order[column < self.count], column[column < self.count]
        slots = np.full((context.queries.size, int(column.max(initial=-1)) + 1), -1, np.int32)
        slots[user[order], column] = slot[order]
        return slots

    def _of(self, context: Context, action: str) -> tuple[NDArray[np.intp], Slots]:
        """Users and slots that the rules of an action name, of every user the first `count` rules."""
        book = context.catalogue.rules.book((action,))
        numbers = target_numbers(book, context.catalogue)
        rules = np.flatnonzero(timely_rules(book, context.queries) & (book.target == ITEM) & (numbers >= 0))
        rules = rules[context.pool[numbers[rules]]]
        holds = in_force(book, rules, context.queries)
        user, which = np.nonzero(holds & (np.cumsum(holds, axis=1) <= self.count))
        return user, numbers[rules[which]]


class RepeatSource(Shipped):
    """Items that the user bought before: all that a row keeps."""

    name, count = "repeat", BOUGHT
    proposes_repeats = True

    def fetch(self, context: Context) -> Slots:
        return context.top_listed(context.queries.bought.slots, context.queries.bought.values, self.count)


def _in_turn(context: Context, wanted: NDArray[np.bool_], count: int) -> Slots:
    """`count` of the `wanted` slots (slots,) that were listed before the hour of the trigger, by lots that are drawn anew every hour.

    They are the same, and in the same order, for all who ask in one hour.
    """
    items, hour = context.catalogue.items, context.queries.now // HOUR_MS
    slots = np.full((len(hour), count), -1, np.int32)
    for each in np.unique(hour).tolist():
        # A bijection of 32 bits for each hour (Knuth's multiplicative hash of the lot mixed with the hour's).
        lots = (items.lot ^ np.uint32(each * KNUTH & BITS_32)) * np.uint32(KNUTH)
        (first,) = context.top(np.where(wanted & (items.created <= each * HOUR_MS), 1.0 + lots, 0.0)[None, :], count)
        slots[hour == each, : len(first)] = first[np.lexsort((context.id_rank[first], -lots[first].astype(np.float64)))]
    return slots


SOURCES: tuple[type[Shipped], ...] = (
    ShelfSource,
    LiveSource,
    CovisitedSource,
    NearestSource,
    TrendingSource,
    PopularSource,
    CountrySource,
    FollowingSource,
    MentionedSource,
    NewSource,
    UnsoldSource,
    RestSource,
    RuleSource,
    RepeatSource,
)
"""In the order in which a list names those that proposed an item."""


def default_sources(repeats: Literal["allow", "exclude"] = "allow") -> list[Source]:
    """All sources that have something to propose where repeats are allowed, or excluded."""
    return [kind() for kind in SOURCES if repeats == "allow" or not kind.proposes_repeats]
