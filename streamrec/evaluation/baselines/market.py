"""What the baselines know of the past: sales per item, items per user, and what was bought together."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.events.types import Item, Purchase
from streamrec.system.clock import DAY_MS

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

# Those of the feasibility run, whose best blend the learned baselines are.
HALF_LIVES_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0, 90.0)
MONTH_MS = 30 * DAY_MS
# Three tables of 20,000 × 20,000 in single precision take 4.8 GB.
MOST_ITEMS = 20_000


@dataclass(slots=True)
class Shopper:
    """A user's purchases in time order, an entry for each line; the distinct items among them; and the last two orders."""

    items: list[int] = field(default_factory=list)
    ts: list[int] = field(default_factory=list)
    distinct: list[int] = field(default_factory=list)
    owned: set[int] = field(default_factory=set)
    orders: int = 0
    order: object = None
    basket: list[int] = field(default_factory=list)
    last_basket: list[int] = field(default_factory=list)
    country: str | None = None


class Market:
    """Counters over the purchases so far, brought up to date line by line; refunds change nothing.

    Square tables (items × items) hold how many users bought both, how many orders held both, and how often one order of a
    user was followed by another with the item, so memory grows with the square of the catalogue.

    Raises:
        InputError: more than `MOST_ITEMS` items.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        size = len(items)
        if size > MOST_ITEMS:
            raise InputError(f"the baselines keep tables of items × items: at most {MOST_ITEMS} items, not {size}; give fewer items")
        self.number = {item.item_id: at for at, item in enumerate(items)}
        self.names = [item.item_id for item in items]
        self.created = np.array([-1 if item.created_ts is None else item.created_ts for item in items], np.int64)
        self.log_price: Floats = np.log1p([item.price for item in items])
        self.sold = np.zeros(size)
        self.first_sale = np.full(size, -1)
        self.last_sale = np.full(size, -1)
        self.by_country: dict[str | None, Floats] = {}
        self.users_of_both = np.zeros((size, size), np.float32)
        self.orders_of_both = np.zeros((size, size), np.float32)
        self.followed_by = np.zeros((size, size), np.float32)
        self.shoppers: dict[str, Shopper] = {}
        self._decayed = np.zeros((len(HALF_LIVES_DAYS), size))
        self._recent: deque[tuple[int, int]] = deque()
        self._last_month = np.zeros(size)

    def update(self, purchase: Purchase) -> None:
        """Take in a line of an order; items outside the catalogue are passed over."""
        item = self.number.get(purchase.item_id)
        if item is None or purchase.action != "purchase":
            return
        shopper = self.shoppers.setdefault(purchase.user_id, Shopper())
        order = purchase.order_id or (purchase.ts, len(shopper.items))
        if order != shopper.order:
            shopper.order, shopper.last_basket, shopper.basket = order, shopper.basket, []
            shopper.orders += 1
        shopper.country = purchase.country
        shopper.items.append(item)
        shopper.ts.append(purchase.ts)
        self._sold(item, purchase.ts, purchase.country)
        if item not in shopper.owned:
            shopper.owned.add(item)
            _meet(self.users_of_both, item, shopper.distinct)
            shopper.distinct.append(item)
        if item not in shopper.basket:
            _meet(self.orders_of_both, item, shopper.basket)
            shopper.basket.append(item)
            if shopper.last_basket:
                self.followed_by[shopper.last_basket, item] += 1

    def _sold(self, item: int, ts: int, country: str | None) -> None:
        # Decayed to the moment of the sale when it happens, and to the moment of a question when it is asked.
        gone = ts - self.last_sale[item] if self.sold[item] else 0
        self._decayed[:, item] = self._decayed[:, item] * np.exp2(-gone / DAY_MS / np.array(HALF_LIVES_DAYS)) + 1
        self.sold[item] += 1
        self.last_sale[item] = ts
        if self.first_sale[item] < 0:
            self.first_sale[item] = ts
        if country is not None:
            if country not in self.by_country:
                self.by_country[country] = np.zeros(len(self.sold))
            self.by_country[country][item] += 1
        self._recent.append((ts, item))
        self._last_month[item] += 1

    def decayed(self, ts: int) -> Floats:
        """(half-lives, items): sales that lose half of their weight in each of `HALF_LIVES_DAYS`."""
        ages = np.maximum(ts - self.last_sale, 0) / DAY_MS
        faded: Floats = self._decayed * np.exp2(-ages / np.array(HALF_LIVES_DAYS)[:, None])
        return faded

    def last_month(self, ts: int) -> Floats:
        """(items,): sales of the last 30 days."""
        while self._recent and self._recent[0][0] < ts - MONTH_MS:
            self._last_month[self._recent.popleft()[1]] -= 1
        return self._last_month

    def known(self, ts: int) -> NDArray[np.bool_]:
        """(items,): which items could be shown. One that is created at this very moment could not: it would give the order away."""
        return (self.created < ts) | (self.sold > 0)


def _meet(table: Singles, item: int, others: list[int]) -> None:
    table[item, others] += 1
    table[others, item] += 1
    table[item, item] += 1
