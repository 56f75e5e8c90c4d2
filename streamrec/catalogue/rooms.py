"""The live rooms: who hosts, what lies on the shelf and what is on air."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import ItemTable
from streamrec.events.types import Room


@dataclass(slots=True)
class LiveRoom:
    """A live room; `shelf` holds slots in the order in which the host numbers them."""

    room_id: str
    host_id: str
    host: int
    """Number of the host, see `RoomTable.host`."""
    shelf: NDArray[np.int32]
    on_air: int
    title: str | None = None


@dataclass(slots=True)
class RoomTable:
    """The rooms that are live now, and per item slot those whose shelf it is on."""

    items: ItemTable
    live: dict[str, LiveRoom] = field(default_factory=dict)
    any_room: bool = False
    """Whether a room was ever announced, live or ended."""
    _having: dict[int, set[str]] = field(default_factory=dict)
    _hosts: dict[str, int] = field(default_factory=dict)
    _host_of: NDArray[np.int32] | None = None

    def put(self, room: Room) -> None:
        """Open, change or end a room."""
        self.any_room = True
        self.remove(room.room_id)
        if room.status == "ended":
            return
        shelf = np.array([self.items.slot(item_id) for item_id in room.shelf], np.int32)
        on_air = self.items.slot(room.on_air) if room.on_air else -1
        host = self._hosts.setdefault(room.host_id, len(self._hosts) + 1)
        self.live[room.room_id] = LiveRoom(room.room_id, room.host_id, host, shelf, on_air, room.title)
        for slot in shelf.tolist():
            self._having.setdefault(slot, set()).add(room.room_id)

    def remove(self, room_id: str) -> None:
        """Forget a room."""
        former = self.live.pop(room_id, None)
        self._host_of = None
        for slot in former.shelf.tolist() if former else ():
            self._having[slot].discard(room_id)

    def on_shelf(self, size: int) -> NDArray[np.bool_]:
        """Which slots lie on the shelf of a live room."""
        mask = np.zeros(size, bool)
        for room in self.live.values():
            mask[room.shelf] = True
        return mask

    def on_air(self, size: int) -> NDArray[np.bool_]:
        """Which slots are on air in a live room."""
        mask = np.zeros(size, bool)
        slots = [room.on_air for room in self.live.values() if room.on_air >= 0]
        mask[slots] = True
        return mask

    def host(self, host_id: str) -> int:
        """The number of a host; 0 for one who was never heard of."""
        return self._hosts.get(host_id, 0)

    def hosts(self, size: int) -> NDArray[np.int32]:
        """The number of the host in whose live room each slot is, 0 for none; of several rooms the first by id counts."""
        if self._host_of is None or len(self._host_of) != size:
            self._host_of = np.zeros(size, np.int32)
            for _, room in sorted(self.live.items(), reverse=True):
                self._host_of[room.shelf] = room.host
        return self._host_of

    def room_of(self, slot: int, preferred: str | None) -> str | None:
        """A live room that has the item on its shelf: the preferred one if it has, else the first by id."""
        having = self._having.get(slot, set())
        return preferred if preferred in having else min(having, default=None)
