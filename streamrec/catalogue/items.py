"""The items as columns: one slot for each item that a record lists."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import cast

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.clustering import Clustering, Start, at_once
from streamrec.catalogue.columns import of_item, of_label, of_stats
from streamrec.catalogue.encoded import Encoded, item_text
from streamrec.catalogue.lexicon import Lexicon
from streamrec.catalogue.numbers import Numbers
from streamrec.catalogue.text import TextModel
from streamrec.events.types import Item
from streamrec.state.crowd import MILESTONES, Spread
from streamrec.state.item import COUNTRIES, COUNTRY_HALF_LIFE, HALF_LIVES, KINDS, SEASON, WEEK
from streamrec.state.stats import ItemStats, Weighed
from streamrec.state.voices import SILENCE, Spoken
from streamrec.system.clock import YEAR_2000_MS
from streamrec.understanding.aspects import ASPECTS, Aspect

VIEW, PURCHASE, IMPRESSION = (KINDS.index(kind) for kind in ("view", "purchase", "impression"))
VIEW_SHARE = 0.1
"""What a view counts beside a purchase, so that ten views weigh as much as one purchase."""
NEVER = np.iinfo(np.int64).max
UNLISTED = 1e12
"""The popularity of ids that are not listed, so large that they are told last: invented ids would crowd out real neighbours."""
LINK_PRIOR = 1.0
"""Added to the popularity of both items of a link, so that a single shared purchase does not make two rare items inseparable."""


def _appeal(stats: ItemStats) -> list[float]:
    return [bought + VIEW_SHARE * seen for bought, seen in zip(stats.counts[PURCHASE], stats.counts[VIEW], strict=True)]


def _many_there(stats: ItemStats) -> list[bool]:
    many = [name in stats.crowd.countries for name, _ in stats.countries]
    return many + [False] * (COUNTRIES - len(many))


def _milestones(stats: ItemStats) -> list[int]:
    return stats.crowd.ago + [-1] * (len(MILESTONES) - len(stats.crowd.ago))


def _place_of(aspect: str) -> int:
    return ASPECTS.index(cast(Aspect, aspect)) + 1 if aspect else 0


def _lasting(count: float, ts: int, half_life_ms: float) -> float:
    """A decayed count as a logarithm to the base of 2 above what one in the year 2000 would have left; 0 of nothing."""
    return max(math.log2(count) + (ts - YEAR_2000_MS) / half_life_ms, 0.0) if count > 0 else 0.0


def _trend(stats: ItemStats, half_life: int = WEEK) -> float:
    appeal = stats.counts[PURCHASE][half_life] + VIEW_SHARE * stats.counts[VIEW][half_life]
    return _lasting(appeal, stats.ts, HALF_LIVES[half_life])


def _lot(item: Item) -> int:
    return int.from_bytes(blake2b(item.item_id.encode(), digest_size=4, person=b"lot").digest())


class ItemTable(Encoded):
    """Columns over slots. The slot of an item that is removed is empty until the next new item takes it."""

    listed = of_item(np.bool_, lambda item: True)
    """Which slots have an item."""
    on_sale = of_item(np.bool_, lambda item: item.available and item.stock != 0)
    created = of_item(np.int64, lambda item: item.created_ts or 0)
    lot = of_item(np.uint32, _lot)
    """A number that follows from the id alone, for orders that nothing else decides."""
    log_price = of_item(np.float32, lambda item: math.log(item.price) if item.price > 0 else math.nan)
    """NaN where the price is 0: an item is free, or its price is not known."""
    category = of_label(lambda item: item.category or item.brand)
    brand = of_label(lambda item: item.brand)
    counts = of_stats(np.float64, len(KINDS), len(HALF_LIVES), read=lambda stats: stats.counts)
    """Decayed counters of shape (slots, kinds, half-lives), as of `counted_at`."""
    appeal = of_stats(np.float32, len(HALF_LIVES), read=_appeal)
    """Decayed purchases, and views at VIEW_SHARE, of shape (slots, half-lives), as of `counted_at`."""
    root = of_stats(np.float64, read=lambda stats: math.sqrt(stats.counts[PURCHASE][-1] + LINK_PRIOR), empty=math.sqrt(LINK_PRIOR))
    """The root of decayed purchases at the longest half-life and LINK_PRIOR, as of `counted_at`."""
    counted_at = of_stats(np.int64, read=lambda stats: stats.ts)
    first_sale = of_stats(np.int64, read=lambda stats: stats.first_ts, empty=NEVER)
    version = of_stats(np.int64, read=lambda stats: stats.version)
    purchases = of_stats(np.float64, read=lambda stats: stats.counts[PURCHASE][SEASON])
    """Of `counts` what is read of all items at once: the purchases, 90-day half-life."""
    again = of_stats(np.float64, read=lambda stats: stats.again)
    """Purchases by people who had bought it before, 90-day half-life, as of `counted_at`."""
    trend = of_stats(np.float64, read=_trend)
    """Decayed purchases and views by a 7-day half-life, as a logarithm to the base of 2 above what one in the year 2000 would have left:
    the order holds for every later time; 0 where there were none."""
    lasting = of_stats(np.float64, read=lambda stats: _trend(stats, SEASON))
    """The same by a 90-day half-life."""
    sold_at = of_stats(np.int64, read=lambda stats: stats.sold_ts)
    """Time of the newest purchase; 0 where there was none."""
    country = of_stats(np.int32, COUNTRIES)
    """Numbers of countries (see `countries`), of shape (slots, COUNTRIES), 0 behind the last."""
    country_count = of_stats(np.float64, COUNTRIES)
    """Purchases from there, 30-day half-life, as of `counted_at`."""
    country_trend = of_stats(np.float64, COUNTRIES)
    """The same as a logarithm, as in `trend`."""
    newcomers = of_stats(np.float32, len(HALF_LIVES), read=lambda stats: stats.newcomers)
    """Decayed purchases by people new to the shop, of shape (slots, half-lives), as of `counted_at`."""
    many_there = of_stats(np.bool_, COUNTRIES, read=_many_there)
    """Whether many people bought it there, by place in `country`."""
    milestones = of_stats(np.int16, len(MILESTONES), read=_milestones, empty=-1)
    """Hours before `counted_at` since which so many people have bought the item for the first time; -1 where fewer did in a season."""
    begun = of_stats(np.int64, read=lambda stats: stats.crowd.begun)
    """Time of the oldest first purchase that was counted; 0 without any."""
    people = of_stats(np.int64, read=lambda stats: stats.crowd.people)
    """People who bought it, and of them those who came back for it."""
    returned = of_stats(np.int64, read=lambda stats: stats.crowd.returned)
    want = of_stats(np.float64, read=lambda stats: stats.spoken.want)
    """Comments that want it, half-life 7 days, as of `counted_at`; then those that praise it, and that complain of it."""
    praise = of_stats(np.float64, read=lambda stats: stats.spoken.praise)
    complaint = of_stats(np.float64, read=lambda stats: stats.spoken.complaint)
    wanted_until = of_stats(np.int64, read=lambda stats: stats.spoken.wanted_until)
    """Until when (ms) several viewers wanted it lately, and praised it; 0 where they did not."""
    praised_until = of_stats(np.int64, read=lambda stats: stats.spoken.praised_until)
    praised_for = of_stats(np.int8, read=lambda stats: _place_of(stats.spoken.praised_for))
    """What they praise about it, by place in ASPECTS from 1; 0 where they do not agree."""
    home = of_stats(np.int32)
    """The partition of the item side that counts for the item."""
    heard_at = of_stats(np.int64)
    """When (ms, the clock of who counted) the statistics were sent."""

    def __init__(self, model: TextModel | None, start: Start = at_once) -> None:
        """`start` makes clusters of the vectors of a large catalogue (see `Clustering`)."""
        super().__init__(model)
        self.clustering = Clustering(start)
        self.slots: dict[str, int] = {}
        """By id."""
        self.ids: list[str] = []
        """By slot, empty where there is no item."""
        self.titles: list[str] = []
        self.countries = Numbers()
        self.lexicon = Lexicon()
        self.has_impressions = False
        """Whether statistics told of any item that it was seen."""
        self.has_voices = False
        """Whether they told of any that it was wanted, praised or complained of."""
        self._of_item, self._of_label, self._of_text, self._of_stats = map(self._filled_by, ("item", "label", "text", "stats"))
        # Looked up once: in a replay statistics come with every signal.
        self._stats_readers = [(name, read) for name in self._of_stats if (read := self.columns[name].read) is not None]
        self._labels = {name: Numbers() for name in self._of_label}
        self._free: list[int] = []
        self._moves = 0
        self._id_rank: NDArray[np.int64] | None = None

    @property
    def changes(self) -> int:
        """How often an item got or lost its slot, or a category its number."""
        return self._moves + self._labels["category"].changes

    def __len__(self) -> int:
        """Items."""
        return len(self.slots)

    def find(self, item_ids: Sequence[str]) -> NDArray[np.int32]:
        """The slots of known ids, -1 for unknown ones."""
        get = self.slots.get
        return np.fromiter((get(item_id, -1) for item_id in item_ids), np.int32, len(item_ids))

    def put(self, items: Sequence[Item]) -> list[int]:
        """Add or replace items, tokenising and encoding their texts in one go; returns their slots."""
        slots = [self._slot(item.item_id) for item in items]
        for slot, item in zip(slots, items, strict=True):
            text = item_text(item)
            if text != self.texts[slot]:
                self.lexicon.put(slot, text)
            self.titles[slot], self.texts[slot] = item.title, text
            for name in self._of_item:
                self._arrays[name][slot] = self._value(name, item)
            for name in self._of_label:
                self._label(name, slot, self._value(name, item))
        self._read(slots)
        self.clustering.changed(slots)
        return slots

    def remove(self, slot: int) -> None:
        """Empty the slot."""
        self.clear_stats(slot)
        for name in self._of_label:
            self._label(name, slot, None)
        self._clear(slot, self._of_item + self._of_text)
        self.lexicon.remove(slot)
        self.clustering.changed([slot])
        del self.slots[self.ids[slot]]
        self.ids[slot] = self.titles[slot] = self.texts[slot] = ""
        self._id_rank = None
        self._moves += 1
        heapq.heappush(self._free, slot)

    def stale(self, encoded: Encoded) -> list[int]:
        """The slots whose texts are not those of `encoded`."""
        known = encoded.texts
        return [slot for slot, text in enumerate(self.texts) if slot >= len(known) or known[slot] != text]

    def take_model(self, encoded: Encoded) -> None:
        """Replace every token and vector by those of another model; what `encoded` lacks is read here and now."""
        self.model = encoded.model
        for name in self._of_text:
            array = self.columns[name].array(self._capacity, self.model)
            array[: encoded.size] = getattr(encoded, name)
            self._arrays[name] = array
        self._expose()
        self._read(self.stale(encoded))
        self.clustering.renew()

    def put_stats(self, slot: int, stats: ItemStats, home: int = 0, heard_ms: int = 0) -> bool:
        """Take over the counters unless newer ones are known; whether they were taken."""
        # The topic keeps several versions until it is compacted, and a reader may get them again.
        if stats.version <= self.version[slot]:
            return False
        for name, read in self._stats_readers:
            self._arrays[name][slot] = read(stats)
        self.has_voices |= stats.spoken != SILENCE
        self.has_impressions |= stats.counts[IMPRESSION][SEASON] > 0
        self.home[slot], self.heard_at[slot] = home, heard_ms
        self._place(slot, stats.countries)
        return True

    def clear_stats(self, slot: int) -> None:
        """As if nothing had ever been heard of the item."""
        # Countries first: their numbers are given back by what the column holds.
        self._place(slot, ())
        self._clear(slot, self._of_stats)

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
            newcomers=self.newcomers[slot].tolist(),
            spoken=Spoken(
                float(self.want[slot]),
                float(self.praise[slot]),
                float(self.complaint[slot]),
                int(self.wanted_until[slot]),
                int(self.praised_until[slot]),
                ASPECTS[self.praised_for[slot] - 1] if self.praised_for[slot] else "",
            ),
            crowd=Spread(
                [hours for hours in self.milestones[slot].tolist() if hours >= 0],
                int(self.begun[slot]),
                int(self.people[slot]),
                int(self.returned[slot]),
                [self.countries.name(number) for number in self.country[slot, self.many_there[slot]].tolist()],
            ),
        )

    def category_number(self, name: str) -> int:
        """The number of a category, or of a brand that stands for one; 0 for one that no item has."""
        return self._labels["category"].of(name)

    def popularity(self, item_ids: Sequence[str]) -> NDArray[np.float64]:
        """Decayed purchases of items at the longest half-life, and LINK_PRIOR; UNLISTED for ids that no record lists."""
        slots = self.find(item_ids)
        return np.where(slots >= 0, self.counts[slots, PURCHASE, -1] if self.size else 0.0, UNLISTED) + LINK_PRIOR

    def id_rank(self) -> NDArray[np.int64]:
        """The place of each slot's id in the order of ids."""
        # Rankings break ties by id: sorted when ids have changed, and not for every list.
        if self._id_rank is None:
            self._id_rank = np.empty(self.size, np.int64)
            self._id_rank[sorted(range(self.size), key=self.ids.__getitem__)] = np.arange(self.size)
        return self._id_rank

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
        heapq.heappush(self._free, self.size)
        self._resize(self.size + 1)
        for names in (self.ids, self.titles, self.texts):
            names.append("")

    def _value(self, name: str, item: Item) -> object:
        read = self.columns[name].read
        assert read is not None
        return read(item)

    def _label(self, name: str, slot: int, label: object) -> None:
        """Give the slot the number of a label; the former label's number is given back."""
        numbers, column = self._labels[name], self._arrays[name]
        former = int(column[slot])
        # Taken before the other is given back: a label that stays keeps its number.
        column[slot] = numbers.take(str(label)) if label else 0
        numbers.give(former)

    def _place(self, slot: int, countries: Sequence[tuple[str, float]]) -> None:
        """Where the item's purchases come from."""
        former = self.country[slot].tolist()
        self.country[slot] = self.country_count[slot] = self.country_trend[slot] = 0
        self.country[slot, : len(countries)] = [self.countries.take(name) for name, _ in countries]
        self.country_count[slot, : len(countries)] = [count for _, count in countries]
        ts = int(self.counted_at[slot])
        self.country_trend[slot, : len(countries)] = [_lasting(count, ts, COUNTRY_HALF_LIFE) for _, count in countries]
        for number in former:
            self.countries.give(number)
