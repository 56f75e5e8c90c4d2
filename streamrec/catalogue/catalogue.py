"""What every worker knows of the shop: items, rooms, rules and statistics, as read from the broadcast topics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.clustering import Start, at_once
from streamrec.catalogue.encoded import Encoded
from streamrec.catalogue.items import ItemTable
from streamrec.catalogue.links import Links
from streamrec.catalogue.records import Records
from streamrec.catalogue.rooms import RoomTable
from streamrec.catalogue.rulebook import RuleTable
from streamrec.catalogue.scenes import Scenes
from streamrec.catalogue.strangers import Strangers
from streamrec.catalogue.text import TextModel
from streamrec.catalogue.unlisted import Unlisted
from streamrec.events.types import Item, Room
from streamrec.state.stats import ItemStats
from streamrec.system.clock import DAY_MS, now_ms
from streamrec.understanding.titles import TitleIndex

# Leaves some 800 bytes for each of the 20,000 ids that `unlisted_items` allows: a record of statistics has at most 1 KiB.
UNLISTED_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is kept of what no item record lists, and for how long (ms); how long a room is live that says nothing."""

    strangers: int = 2_500
    """Ids that were never listed, for each partition of the item side."""
    stranger_ms: int = 7 * DAY_MS
    removed_ms: int = 30 * DAY_MS
    room_silence_ms: int = DAY_MS


class Catalogue:
    """Items, rooms, rules and statistics. It belongs to the thread that ranks and applies changes, so that no list sees half a change.

    Only an item that a record lists has a slot. What is said of other ids is kept aside, within bounds, until they are listed.
    """

    def __init__(
        self,
        model: TextModel | None = None,
        keeping: Keeping | None = None,
        clock_ms: Callable[[], int] = now_ms,
        start: Start = at_once,
    ) -> None:
        """`start` makes clusters of the vectors of a large catalogue (see `Clustering`)."""
        keeping = keeping or Keeping()
        self.model = model
        self.items = ItemTable(model, start)
        self.rooms = RoomTable(self.items, keeping.room_silence_ms)
        self.rules = RuleTable()
        self.links = Links(lambda: self.items.root)
        """For each item, what is bought with it."""
        self.leads = Links(lambda: self.items.root, before=False)
        """For each item, what is bought in the basket after."""
        self.index = TitleIndex()
        self.records = Records()
        self.scenes = Scenes(self.rooms, self.records)
        self.unlisted = Unlisted(UNLISTED_BYTES)
        self.homes: set[int] = set()
        """The partitions of the item side from which statistics have come."""
        self.strangers = Strangers(clock_ms, keeping.strangers, keeping.stranger_ms, keeping.removed_ms)

    def put_items(self, items: Iterable[Item]) -> None:
        """Add or replace items; of several with one id the last counts."""
        # Reading a text costs more than all else here: former versions in the same batch are not read.
        latest = list({item.item_id: item for item in items}.values())
        new = [item.item_id for item in latest if item.item_id not in self.items.slots]
        for slot, item in zip(self.items.put(latest), latest, strict=True):
            self.index.put(slot, item.title)
            if self.records.put(item):
                self.rooms.renew(slot)
        # Once all of them are listed: items of one batch may name each other.
        for item_id in new:
            self._join(item_id, self.items.slots[item_id])

    def take_model(self, model: TextModel, encoded: Encoded) -> None:
        """Serve with another model from now on, and with the items as that model has read them."""
        if self.model is not None:
            # Metrics count pairs since the worker started, whichever model scored them.
            model.counts.update(self.model.counts)
        self.model = model
        self.items.take_model(encoded)

    def remove_item(self, item_id: str) -> None:
        """Take an item out of the shop; its statistics stay for a while, in case it comes back."""
        slot = self.items.slots.get(item_id)
        if slot is None:
            return
        self.index.remove(slot)
        self.records.remove(item_id)
        ids = self.items.ids
        # Read before the links are parted, which hold the neighbours.
        stats = self.items.stats(slot, self.links.of(slot, ids), self.leads.of(slot, ids))
        home, heard_ms = int(self.items.home[slot]), int(self.items.heard_at[slot])
        for links in (self.links, self.leads):
            links.part(item_id, slot)
        self.items.remove(slot)
        self.rooms.part(slot)
        if stats.version:
            self.put_stats(item_id, stats, home, heard_ms)

    def put_room(self, room: Room, heard_ms: int | None = None) -> None:
        """Open, change or end a room that was heard of at `heard_ms` by the broker's clock, or at its own time."""
        self.rooms.put(room, int(room.ts) if heard_ms is None else heard_ms)

    def expire(self, now: int) -> None:
        """End rooms that have said nothing for too long, and forget rules whose time is over."""
        self.rooms.expire(now)
        self.rules.expire(now)

    def put_stats(self, item_id: str, stats: ItemStats, home: int = 0, heard_ms: int = 0) -> None:
        """Take over statistics unless newer ones are known. Partition `home` of the item side sent them at `heard_ms`."""
        # The item side looks here whether its topic of statistics was made anew, and sends them again.
        self.homes.add(home)
        slot = self.items.slots.get(item_id)
        if slot is None:
            if self.unlisted.put(item_id, stats, home, heard_ms):
                self.strangers.put(item_id, home, stats.listed, heard_ms)
        elif self.items.put_stats(slot, stats, home, heard_ms):
            self.links.put(slot, [(self.items.slots.get(other, other), weight) for other, weight in stats.neighbours])
            self.leads.put(slot, [(self.items.slots.get(other, other), weight) for other, weight in stats.leaders])

    def drop_stats(self, item_id: str) -> None:
        """Forget an item's statistics, as the item side has."""
        self.unlisted.pop(item_id)
        self.strangers.pop(item_id)
        slot = self.items.slots.get(item_id)
        if slot is not None:
            self.items.clear_stats(slot)
            self.links.put(slot, ())
            self.leads.put(slot, ())

    def numbering(self) -> tuple[int, int]:
        """Two numbers that change whenever an id, a category or a host gets another number; what was computed by number is void then."""
        return self.items.changes, self.rooms.changes

    def held(self) -> dict[str, int]:
        """How much the catalogue holds, by what it is; for the metrics."""
        return {
            "items": len(self.items),
            "slots": self.items.size,
            "unlisted": len(self.strangers),
            "unlisted_bytes": self.unlisted.bytes,
            "rooms": len(self.rooms.live),
            "room_bytes": self.rooms.bytes,
            "record_bytes": self.records.bytes,
            "rules": len(self.rules),
        }

    def dropped(self) -> dict[str, int]:
        """How much was given up so far because it was too much or too old, by what it was; for the metrics."""
        cut = {"record_cut": self.records.cut} if self.records.cut else {}
        return dict(self.unlisted.counts) | dict(self.rooms.counts) | dict(self.rules.counts) | cut

    def names(self, item_ids: Collection[str], room_ids: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The titles by id of the items and of the live rooms, as far as they are known."""
        slots = ((item_id, self.items.slots.get(item_id)) for item_id in item_ids)
        items = {item_id: self.items.titles[slot] for item_id, slot in slots if slot is not None}
        rooms = ((room_id, self.rooms.live.get(room_id)) for room_id in room_ids)
        return items, {room_id: room.title for room_id, room in rooms if room is not None and room.title}

    def for_sale(self, live_only: bool) -> NDArray[np.bool_]:
        """Which slots may be in a list right now: listed, available, in stock and, with `live_only`, on the shelf of a live room."""
        mask = np.asarray(self.items.listed & self.items.on_sale, bool)
        # Two masks that are kept up to date: the cost of a list does not grow with the rooms.
        return mask & self.rooms.on_shelf(self.items.size) if live_only else mask

    def titled(self, text: str) -> list[tuple[str, float]]:
        """The items of the whole shop (id, weight) whose titles a comment names."""
        return [(self.items.ids[slot], weight) for slot, weight in sorted(self.index.mentions(text).items())]

    def _join(self, item_id: str, slot: int) -> None:
        """Give a new item what was said of its id before it was listed."""
        for links in (self.links, self.leads):
            links.join(item_id, slot)
        self.rooms.join(item_id)
        self.strangers.pop(item_id)
        heard = self.unlisted.pop(item_id)
        if heard is not None:
            self.put_stats(item_id, *heard)
