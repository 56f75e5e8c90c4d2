"""Where candidates come from that somebody named: rooms show them, viewers wrote of them or have them, rules ask for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.rooms import LiveRoom
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.padding import side_by_side, within
from streamrec.ranking.batch.rule_hits import ITEM, in_force, target_numbers, timely_rules
from streamrec.ranking.sources.source import Shipped, Slots
from streamrec.state.user import BOUGHT, NAMED


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
        if not rooms.live:
            return np.full((context.queries.size, 0), -1, np.int32)
        trend = items.trend
        ahead = (trend.max() if len(trend) else 0.0) + 1.0
        appeal = np.where(rooms.on_shelf(items.size), 1.0 + trend + ahead * rooms.on_air(items.size), 0.0)
        return np.repeat(context.top(appeal[None, :], self.count), context.queries.size, axis=0)


class MentionedSource(Shipped):
    """Items that the user wrote about: all that a row keeps."""

    name, count = "mentioned", NAMED

    def fetch(self, context: Context) -> Slots:
        return context.top_listed(context.queries.named.slots, context.queries.named.values, self.count)


class RuleSource(Shipped):
    """Items that a rule pins or boosts, by name: of too many the pins first, then the rules that come first by id."""

    name, count = "rules", 200

    def fetch(self, context: Context) -> Slots:
        if not any(context.catalogue.rules.book((action,)).rules for action in ("pin", "boost")):
            return np.full((context.queries.size, 0), -1, np.int32)
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
