"""What was relevant to each list: the items of its trigger's order, and what the user had bought before it.

In the static protocol, where state is frozen at a split, everything that a user buys from the split on is one order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.evaluation.list_files import FileList
from streamrec.events.files import FileEvent
from streamrec.events.topics import is_trigger
from streamrec.events.types import Purchase, RowEvent

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Pairs = tuple[Ints, Ints]
"""Rows and items, both of shape (pairs,), without repeats."""


class Numbers(dict[Hashable, int]):
    """Gives names numbers from 0, in the order in which they are first asked for."""

    def __missing__(self, name: Hashable) -> int:
        self[name] = number = len(self)
        return number


class History:
    """The events of a file as columns, in time order (ties in the file's order), in which the triggers of lists are found.

    Events with one number in `order` are one trigger: the purchases of a user with one order_id, or any other event by itself. With a
    `split` (ms) it is all purchases of a user from then on.
    """

    def __init__(self, events: Iterable[FileEvent], split: int | None = None) -> None:
        self._split = split
        self.users, self.items, self.orders = Numbers(), Numbers(), Numbers()
        self._row_of_id: dict[tuple[str, str], int] = {}
        self._row_of_line: dict[tuple[str, int], int] = {}
        rows = [self._row(row, event) for row, event in enumerate(event for event in events if isinstance(event.event, RowEvent))]
        table = np.array(rows, np.int64).reshape(-1, 6)
        by_time = np.argsort(table[:, 3], kind="stable")
        self._position = np.argsort(by_time)
        self.user, self.item, self.order, self.ts, bought, wanted = table[by_time].T
        self.bought, self.wanted = bought == 1, wanted == 1

    def _row(self, row: int, of_file: FileEvent) -> tuple[int, ...]:
        event = of_file.event
        assert isinstance(event, RowEvent)
        if event.event_id is None:
            self._row_of_line[event.user_id, of_file.line] = row
        else:
            # The first counts: a worker drops an id that it has seen.
            self._row_of_id.setdefault((event.user_id, event.event_id), row)
        bought = isinstance(event, Purchase) and event.action == "purchase"
        item_id: str | None = getattr(event, "item_id", None)
        # Whatever is answered by a list is judged by the item that it is about.
        wanted = item_id is not None and is_trigger(event)
        order = self.orders[self._order_of(row, event) if bought and isinstance(event, Purchase) else row]
        item = -1 if item_id is None else self.items[item_id]
        return self.users[event.user_id], item, order, event.ts, bought, wanted

    def _order_of(self, row: int, event: Purchase) -> Hashable:
        if self._split is not None and event.ts >= self._split:
            return ("from the split on", event.user_id, None)
        return (event.user_id, event.order_id) if event.order_id else row

    def trigger_of(self, ranked: FileList) -> int | None:
        """The position in time order of the list's trigger: its user's event with that event_id, else the event of that line; or None."""
        trigger = ranked.trigger
        row = self._row_of_id.get((ranked.user_id, trigger.event_id))
        # Replays name a trigger without an event_id by its line, in partition 0.
        if row is None and trigger.partition == 0:
            row = self._row_of_line.get((ranked.user_id, trigger.offset))
        return None if row is None else int(self._position[row])

    def first_of_orders(self) -> Ints:
        """(orders,): where each order begins in time order."""
        first = np.full(len(self.orders), len(self.order))
        np.minimum.at(first, self.order, np.arange(len(self.order)))
        return first

    def asked(self, begin: Ints) -> Ints:
        """(lists,): the times (ms) as of which the lists for the orders that begin at these positions are made."""
        at: Ints = self.ts[begin]
        return at if self._split is None else np.minimum(at, self._split)

    def orders_before(self, user: Ints, begin: Ints) -> Ints:
        """(lists,): how many orders each user had begun before the position in `begin`."""
        _, first = np.unique(self.order[self.bought], return_index=True)
        first = np.sort(np.flatnonzero(self.bought)[first])
        first = first[np.argsort(self.user[first], kind="stable")]
        span = len(self.order)
        keys = self.user[first] * span + first
        before: Ints = np.searchsorted(keys, user * span + begin) - np.searchsorted(keys, user * span)
        return before

    def first_of_items(self, items: int) -> Ints:
        """(items,): the time (ms) of the first event about each item; the largest integer for an item without events."""
        first = np.full(items, np.iinfo(np.int64).max)
        known = self.item >= 0
        np.minimum.at(first, self.item[known], self.ts[known])
        return first

    def users_of_items(self, items: int) -> Ints:
        """(items,): how many users had to do with each item."""
        known = self.item >= 0
        pairs = np.unique(self.user[known] * items + self.item[known])
        return np.bincount(pairs % items, minlength=items)


@dataclass
class Judged:
    """Lists as arrays, each with what was relevant to it; one list for each order.

    Attributes:
        ranked: (lists, places), item numbers, -1 behind the end of a list.
        user: (lists,), user numbers.
        order: (lists,), order numbers, each once.
        ts: (lists,), when the order began (or the split, if that was earlier), in ms.
        relevant: (list, item) of the orders.
        owned: (list, item) of what the user bought before the order.
        orders_before: (lists,), how many orders the user had begun before.
        repeated: how many lists were left out because their order has an earlier one.
    """

    ranked: Ints
    user: Ints
    order: Ints
    ts: Ints
    relevant: Pairs
    owned: Pairs
    orders_before: Ints
    repeated: int


def judge(path: Path, lists: list[FileList], history: History) -> Judged:
    """Match lists with their triggers. Of several lists for one order, the one with the earliest trigger counts.

    Raises:
        InputError: a list's trigger is not among the events; the message names `path` and the list's line.
    """
    first_list: dict[int, tuple[int, FileList]] = {}
    for ranked in lists:
        at = history.trigger_of(ranked)
        if at is None:
            raise InputError(
                f"{path}: line {ranked.line + 1}: the trigger of list {ranked.list_id} is not among the events of user {ranked.user_id}; "
                "give the events that the lists were made of"
            )
        number = int(history.order[at])
        if number not in first_list or at < first_list[number][0]:
            first_list[number] = at, ranked
    kept = [ranked for _, ranked in first_list.values()]
    order = np.fromiter(first_list, np.int64, len(kept))
    begin = history.first_of_orders()[order]
    return Judged(
        ranked=_padded([[history.items[listed.item_id] for listed in ranked.items] for ranked in kept]),
        user=history.user[begin],
        order=order,
        ts=history.asked(begin),
        relevant=_relevant(history, order),
        owned=_owned(history, history.user[begin], begin),
        orders_before=history.orders_before(history.user[begin], begin),
        repeated=len(lists) - len(kept),
    )


def holds(pairs: Pairs, ranked: Ints) -> Bools:
    """Which places of `ranked` (lists, places) are among the (list, item) `pairs`."""
    width = max(int(ranked.max(initial=0)), int(pairs[1].max(initial=0))) + 1
    cells = np.arange(len(ranked))[:, None] * width + ranked
    return np.isin(cells, pairs[0] * width + pairs[1]) & (ranked >= 0)


def _padded(rows: list[list[int]]) -> Ints:
    table = np.full((len(rows), max(map(len, rows), default=0)), -1)
    for row, places in zip(table, rows, strict=True):
        row[: len(places)] = places
    return table


def _relevant(history: History, order: Ints) -> Pairs:
    """The items of each order; any other trigger that is about an item counts as an order of that item."""
    row_of_order = np.full(len(history.orders), -1)
    row_of_order[order] = np.arange(len(order))
    of = row_of_order[history.order]
    mine = (of >= 0) & history.wanted
    return _distinct(of[mine], history.item[mine])


def _owned(history: History, user: Ints, begin: Ints) -> Pairs:
    """What the users had bought before the positions `begin`."""
    bought = np.flatnonzero(history.bought)
    bought = bought[np.argsort(history.user[bought], kind="stable")]
    span = len(history.order)
    keys = history.user[bought] * span + bought
    low, high = np.searchsorted(keys, user * span), np.searchsorted(keys, user * span + begin)
    counts = high - low
    lists = np.repeat(np.arange(len(user)), counts)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    return _distinct(lists, history.item[bought][places])


def _distinct(lists: Ints, items: Ints) -> Pairs:
    width = int(items.max(initial=0)) + 1
    cells = np.unique(lists * width + items)
    return cells // width, cells % width
