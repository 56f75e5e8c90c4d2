"""The items as columns: one slot for each item that a record lists, in rows of arrays that grow by doubling."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.numbers import Numbers
from streamrec.catalogue.text import TextModel
from streamrec.events.types import Item
from streamrec.state.item import COUNTRIES, HALF_LIVES, KINDS
from streamrec.state.stats import ItemStats, Weighed
from streamrec.system.clock import YEAR_2000_MS

VIEW, PURCHASE = KINDS.index("view"), KINDS.index("purchase")
WEEK = 1
"""Position of the 7-day half-life."""
VIEW_SHARE = 0.1
"""What a view counts beside a purchase."""
CHUNK = 256
"""Texts that are encoded at once."""
NEVER = np.iinfo(np.int64).max
UNLISTED = 1e12
"""Neighbours that are not listed are told last: in place of rare ones that stand out, invented ids would fill the statistics of an item."""
LINK_PRIOR = 1.0
"""Added to the popularity of both items of a link, so that a single shared purchase does not make two rare items inseparable."""


@dataclass(slots=True)
class Encoded:
    """The texts of slots 0, 1, … as a model reads them."""

    texts: list[str]
    tokens: NDArray[np.int32]
    vectors: NDArray[np.float32]
    states: NDArray[np.float16]

    @classmethod
    def empty(cls, model: TextModel) -> Encoded:
        """No slots."""
        states = np.zeros((0, model.late_tokens, model.late_dim), np.float16)
        return cls([], np.zeros((0, model.max_item_tokens), np.int32), np.zeros((0, model.dim), np.float32), states)

    def update(self, model: TextModel, texts: Sequence[str], slots: Sequence[int]) -> None:
        """Read the texts of these slots; there are as many slots as texts."""
        more = len(texts) - len(self.texts)
        self.texts += [""] * more
        self.tokens = np.pad(self.tokens, ((0, more), (0, 0)))
        self.vectors = np.pad(self.vectors, ((0, more), (0, 0)))
        self.states = np.pad(self.states, ((0, more), (0, 0), (0, 0)))
        for begin in range(0, len(slots), CHUNK):
            chunk = list(slots[begin : begin + CHUNK])
            self.tokens[chunk] = model.tokenize([texts[slot] for slot in chunk], model.max_item_tokens)
            self.vectors[chunk] = model.encode(self.tokens[chunk])
            self.states[chunk] = model.item_states(self.tokens[chunk])
            for slot in chunk:
                self.texts[slot] = texts[slot]


class ItemTable:
    """Columns over slots. The slot of an item that is removed is empty until the next new item takes it."""

    listed: NDArray[np.bool_]
    """Which slots have an item."""
    on_sale: NDArray[np.bool_]
    created: NDArray[np.int64]
    log_price: NDArray[np.float32]
    category: NDArray[np.int32]
    brand: NDArray[np.int32]
    tokens: NDArray[np.int32]
    vectors: NDArray[np.float32]
    states: NDArray[np.float16]
    """Token states for late interaction."""
    counts: NDArray[np.float64]
    """Decayed counters of shape (slots, kinds, half-lives), as of `counted_at`."""
    appeal: NDArray[np.float32]
    """Decayed purchases, and views at VIEW_SHARE, of shape (slots, half-lives), as of `counted_at`."""
    root: NDArray[np.float64]
    """The root of decayed purchases at the longest half-life and LINK_PRIOR, as of `counted_at`."""
    counted_at: NDArray[np.int64]
    first_sale: NDArray[np.int64]
    version: NDArray[np.int64]
    again: NDArray[np.float64]
    """Purchases by people who had bought it before, 90-day half-life, as of `counted_at`."""
    trend: NDArray[np.float64]
    """Decayed purchases and views by a 7-day half-life, as a logarithm to the base of 2 above what one in the year 2000 would have left:
    the order holds for every later time; 0 where there were none."""
    sold_at: NDArray[np.int64]
    """Time of the newest purchase; 0 where there was none."""
    country: NDArray[np.int32]
    """Numbers of countries (see `countries`), of shape (slots, COUNTRIES), 0 behind the last."""
    country_count: NDArray[np.float64]
    """Purchases from there, 30-day half-life, as of `counted_at`."""
    home: NDArray[np.int32]
    """The partition of the item side that counts for the item."""
    heard_at: NDArray[np.int64]
    """When (ms, the clock of who counted) the statistics were sent."""

    def __init__(self, model: TextModel | None) -> None:
        self._model = model
        self.slots: dict[str, int] = {}
        """By id."""
        self.ids: list[str] = []
        """By slot, empty where there is no item."""
        self.titles: list[str] = []
        self.texts: list[str] = []
        """What the model reads of each item."""
        self.countries, self._categories, self._brands = Numbers(), Numbers(), Numbers()
        self._free: list[int] = []
        self._moves = 0
        width, dim = (model.max_item_tokens, model.dim) if model else (0, 0)
        late = (model.late_tokens, model.late_dim) if model else (0, 0)
        self._columns: dict[str, NDArray[Any]] = {
            "listed": np.zeros(0, bool),
            "on_sale": np.zeros(0, bool),
            "created": np.zeros(0, np.int64),
            "log_price": np.zeros(0, np.float32),
            "category": np.zeros(0, np.int32),
            "brand": np.zeros(0, np.int32),
            "tokens": np.zeros((0, width), np.int32),
            "vectors": np.zeros((0, dim), np.float32),
            "states": np.zeros((0, *late), np.float16),
            "counts": np.zeros((0, len(KINDS), len(HALF_LIVES)), np.float64),
            "appeal": np.zeros((0, len(HALF_LIVES)), np.float32),
            "root": np.zeros(0, np.float64),
            "counted_at": np.zeros(0, np.int64),
            "first_sale": np.zeros(0, np.int64),
            "version": np.zeros(0, np.int64),
            "again": np.zeros(0, np.float64),
            "trend": np.zeros(0, np.float64),
            "sold_at": np.zeros(0, np.int64),
            "country": np.zeros((0, COUNTRIES), np.int32),
            "country_count": np.zeros((0, COUNTRIES), np.float64),
            "home": np.zeros(0, np.int32),
            "heard_at": np.zeros(0, np.int64),
        }
        self._id_rank: NDArray[np.int64] | None = None
        self._expose()

    @property
    def size(self) -> int:
        """Slots, empty ones among them."""
        return len(self.ids)

    @property
    def changes(self) -> int:
        """How often an item got or lost its slot, or a category its number."""
        return self._moves + self._categories.changes

    def __len__(self) -> int:
        """Items."""
        return len(self.slots)

    def _expose(self) -> None:
        """The columns as attributes, without the spare room at their ends."""
        for name, column in self._columns.items():
            setattr(self, name, column[: self.size])

    def _slot(self, item_id: str) -> int:
        """The slot of the item, an empty one if it has none."""
        known = self.slots.get(item_id)
        if known is not None:
            return known
        if not self._free:
            self._append()
        # The lowest first: what is computed for all slots stays as short as it can be.
        slot = self.slots[item_id] = heapq.heappop(self._free)
        self.ids[slot] = item_id
        self._id_rank = None
        self._moves += 1
        return slot

    def _append(self) -> None:
        """One empty slot more."""
        slot = self.size
        if slot == len(self._columns["listed"]):
            self._grow(max(256, 2 * slot))
        self.ids.append("")
        self.titles.append("")
        self.texts.append("")
        self._expose()
        self.clear_stats(slot)
        heapq.heappush(self._free, slot)

    def find(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        """The slots of known ids, -1 for unknown ones."""
        get = self.slots.get
        return np.fromiter((get(item_id, -1) for item_id in item_ids), np.int32, len(item_ids))

    def put(self, items: Sequence[Item]) -> list[int]:
        """Add or replace items, tokenising and encoding their texts in one go; returns their slots."""
        slots = [self._slot(item.item_id) for item in items]
        for slot, item in zip(slots, items, strict=True):
            self.titles[slot], self.texts[slot] = item.title, item_text(item)
            self.listed[slot] = True
            self.on_sale[slot] = item.available and item.stock != 0
            self.created[slot] = item.created_ts or 0
            self.log_price[slot] = math.log(max(item.price, 0.01))
            self._label(slot, item.category or item.brand, item.brand)
        if self._model is not None and slots:
            self._read(self._model, slots)
        return slots

    def stale(self, encoded: Encoded) -> list[int]:
        """The slots whose texts are not those of `encoded`."""
        known = encoded.texts
        return [slot for slot, text in enumerate(self.texts) if slot >= len(known) or known[slot] != text]

    def take_model(self, model: TextModel, encoded: Encoded) -> None:
        """Replace every token and vector by those of another model; what `encoded` lacks is read here and now."""
        capacity, size = len(self._columns["listed"]), len(encoded.texts)
        for name, column in (("tokens", encoded.tokens), ("vectors", encoded.vectors), ("states", encoded.states)):
            self._columns[name] = np.zeros((capacity, *column.shape[1:]), column.dtype)
            self._columns[name][:size] = column
        self._model = model
        self._expose()
        self._read(model, self.stale(encoded))

    def remove(self, slot: int) -> None:
        """Empty the slot."""
        self.clear_stats(slot)
        self._label(slot, None, None)
        for name in ("listed", "on_sale", "created", "log_price", "tokens", "vectors", "states"):
            getattr(self, name)[slot] = 0
        del self.slots[self.ids[slot]]
        self.ids[slot] = self.titles[slot] = self.texts[slot] = ""
        self._id_rank = None
        self._moves += 1
        heapq.heappush(self._free, slot)

    def put_stats(self, slot: int, stats: ItemStats, home: int = 0, heard_ms: int = 0) -> bool:
        """Take over the counters unless newer ones are known; whether they were taken."""
        if stats.version <= self.version[slot]:
            return False
        self.counts[slot] = stats.counts
        self.counted_at[slot] = stats.ts
        self.first_sale[slot] = stats.first_ts
        self.version[slot] = stats.version
        self.again[slot] = stats.again
        self.sold_at[slot] = stats.sold_ts
        self.home[slot], self.heard_at[slot] = home, heard_ms
        appeal = [bought + VIEW_SHARE * seen for bought, seen in zip(stats.counts[PURCHASE], stats.counts[VIEW], strict=True)]
        self.appeal[slot], self.root[slot] = appeal, math.sqrt(stats.counts[PURCHASE][-1] + LINK_PRIOR)
        self.trend[slot] = max(math.log2(appeal[WEEK]) + (stats.ts - YEAR_2000_MS) / HALF_LIVES[WEEK], 0.0) if appeal[WEEK] > 0 else 0.0
        self._place(slot, stats.countries)
        return True

    def clear_stats(self, slot: int) -> None:
        """As if nothing had ever been heard of the item."""
        for name in ("counts", "appeal", "counted_at", "version", "again", "trend", "sold_at", "home", "heard_at"):
            getattr(self, name)[slot] = 0
        self.first_sale[slot], self.root[slot] = NEVER, math.sqrt(LINK_PRIOR)
        self._place(slot, ())

    def stats(self, slot: int, neighbours: Weighed, leaders: Weighed) -> ItemStats:
        """The reverse of `put_stats`, for an item with the given links."""
        countries = [
            (self.countries.name(number), float(count))
            for number, count in zip(self.country[slot].tolist(), self.country_count[slot], strict=True)
            if number
        ]
        return ItemStats(
            version=int(self.version[slot]),
            ts=int(self.counted_at[slot]),
            first_ts=int(self.first_sale[slot]),
            counts=self.counts[slot].tolist(),
            neighbours=neighbours,
            leaders=leaders,
            again=float(self.again[slot]),
            sold_ts=int(self.sold_at[slot]),
            countries=countries,
            listed=True,
        )

    def _place(self, slot: int, countries: Sequence[tuple[str, float]]) -> None:
        """Where the item's purchases come from."""
        former = self.country[slot].tolist()
        self.country[slot] = self.country_count[slot] = 0
        self.country[slot, : len(countries)] = [self.countries.take(name) for name, _ in countries]
        self.country_count[slot, : len(countries)] = [count for _, count in countries]
        for number in former:
            self.countries.give(number)

    def _label(self, slot: int, category: str | None, brand: str | None) -> None:
        former = int(self.category[slot]), int(self.brand[slot])
        self.category[slot] = self._categories.take(category) if category else 0
        self.brand[slot] = self._brands.take(brand) if brand else 0
        self._categories.give(former[0])
        self._brands.give(former[1])

    def category_number(self, name: str) -> int:
        """The number of a category, or of a brand that stands for one; 0 for one that no item has."""
        return self._categories.of(name)

    def first_seen(self, slots: NDArray[np.int32]) -> NDArray[np.int64]:
        """When (ms) each item was made or first heard of, whichever was earlier; 0 where nothing tells."""
        created, first_sale = self.created[slots], self.first_sale[slots]
        earliest = np.where(created > 0, np.minimum(created, first_sale), first_sale)
        return np.where(earliest == NEVER, 0, earliest)

    def popularity(self, item_ids: Sequence[str]) -> NDArray[np.float64]:
        """Decayed purchases of items at the longest half-life, and LINK_PRIOR; UNLISTED for ids that no record lists."""
        slots = self.find(item_ids)
        return np.where(slots >= 0, self.counts[slots, PURCHASE, -1] if self.size else 0.0, UNLISTED) + LINK_PRIOR

    def id_rank(self) -> NDArray[np.int64]:
        """The place of each slot's id in the order of ids."""
        if self._id_rank is None:
            self._id_rank = np.empty(self.size, np.int64)
            self._id_rank[sorted(range(self.size), key=self.ids.__getitem__)] = np.arange(self.size)
        return self._id_rank

    def _read(self, model: TextModel, slots: Sequence[int]) -> None:
        tokens = model.tokenize([self.texts[slot] for slot in slots], model.max_item_tokens)
        self.tokens[slots] = tokens
        self.vectors[slots] = model.encode(tokens)
        self.states[slots] = model.item_states(tokens)

    def _grow(self, capacity: int) -> None:
        for name, column in self._columns.items():
            grown = np.zeros((capacity, *column.shape[1:]), column.dtype)
            grown[: len(column)] = column
            self._columns[name] = grown


def item_text(item: Item) -> str:
    """What BERT reads of an item: the title, then brand and category where they say more than the title."""
    extra = [word for word in (item.brand, item.category) if word and word.lower() not in item.title.lower()]
    return " ".join([item.title, *extra])
