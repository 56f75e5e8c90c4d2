"""What every worker knows of the shop: items, rooms, rules and statistics, as read from the broadcast topics."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import Encoded, ItemTable
from streamrec.catalogue.links import Links
from streamrec.catalogue.rooms import RoomTable
from streamrec.catalogue.rules import RuleTable
from streamrec.catalogue.text import TextModel
from streamrec.events.types import Item, Room
from streamrec.state.stats import ItemStats
from streamrec.understanding.mentions import TitleIndex


class Catalogue:
    """Belongs to one thread: whoever ranks also applies the changes, so that no list sees half of one."""

    def __init__(self, model: TextModel | None = None) -> None:
        self.model = model
        self.items = ItemTable(model)
        self.rooms = RoomTable(self.items)
        self.rules = RuleTable()
        self.links = Links(lambda: self.items.root)
        """What is bought with an item."""
        self.leads = Links(lambda: self.items.root, before=False)
        """What is bought in the basket after one with an item."""
        self.index = TitleIndex()

    def put_items(self, items: Iterable[Item]) -> None:
        """Add or replace items; of several with one id the last counts."""
        latest = list({item.item_id: item for item in items}.values())
        for slot, item in zip(self.items.put(latest), latest, strict=True):
            self.index.put(slot, item.title)

    def take_model(self, model: TextModel, encoded: Encoded) -> None:
        """Let another model serve from here on, with the items as it has read them."""
        if self.model is not None:
            model.counts.update(self.model.counts)
        self.model = model
        self.items.take_model(model, encoded)

    def remove_item(self, item_id: str) -> None:
        """Take an item out of every list."""
        self.items.remove(item_id)
        slot = self.items.slots.get(item_id)
        if slot is not None:
            self.index.remove(slot)

    def put_room(self, room: Room) -> None:
        """Open, change or end a room."""
        self.rooms.put(room)

    def put_stats(self, item_id: str, stats: ItemStats) -> None:
        """Take over an item's statistics unless newer ones are known."""
        slot = self.items.put_stats(item_id, stats)
        if slot is not None:
            self.links.put(slot, [(self.items.slot(other), weight) for other, weight in stats.neighbours])
            self.leads.put(slot, [(self.items.slot(other), weight) for other, weight in stats.leaders])

    def names(self, item_ids: Collection[str], room_ids: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The titles of those items and live rooms that are known."""
        slots = ((item_id, self.items.slots.get(item_id)) for item_id in item_ids)
        items = {item_id: self.items.titles[slot] for item_id, slot in slots if slot is not None and self.items.titles[slot]}
        rooms = ((room_id, self.rooms.live.get(room_id)) for room_id in room_ids)
        return items, {room_id: room.title for room_id, room in rooms if room is not None and room.title}

    def for_sale(self, live_only: bool) -> NDArray[np.bool_]:
        """Which slots may be in a list right now: listed, available, in stock and, with `live_only`, on the shelf of a live room."""
        mask = np.asarray(self.items.listed & self.items.on_sale, bool)
        return mask & self.rooms.on_shelf(self.items.size) if live_only else mask

    def mentioned(self, text: str, item_id: str | None, room_id: str | None) -> list[tuple[str, float]]:
        """The items (id, weight) that a danmaku names: by id, by shelf position or by the words of their titles."""
        room = self.rooms.live.get(room_id) if room_id else None
        shelf = room.shelf if room is not None else None
        found = {self.items.ids[slot]: weight for slot, weight in sorted(self.index.mentions(text, shelf).items())}
        # By id, not by slot: an id that nobody sells must not take room in the catalogue.
        return list((found | {item_id: 1.0} if item_id is not None else found).items())
