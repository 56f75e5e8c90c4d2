"""The live rooms: who hosts them, what lies on their shelves and what is on air."""

from __future__ import annotations

import logging
from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import ItemTable
from streamrec.catalogue.numbers import Numbers
from streamrec.events.speech import RoomMoment
from streamrec.events.types import Room
from streamrec.understanding.scene import shown_before

logger = logging.getLogger(__name__)
# Rooms are announced by others: without a bound one producer with invented ids would end every worker.
MOST_BYTES = 64 * 1024 * 1024
ROOM_BYTES, PLACE_BYTES, UNLISTED_BYTES = 1_000, 40, 400
"""Estimates of what a room takes, each place of its shelf, and each id on it that is not listed, beside the id's characters."""
SHOWN = 5
"""Items that were on air before: "the last one" means the first of them, and hardly anybody goes back further."""
MOST_MOMENTS = 10_000
"""Moments of rooms that are not live: so many rooms may be announced after their moments at a start."""
SAY_AGAIN_MS = 60_000
"""Least time between two warnings: over the limit every new room would make one."""
Slots = NDArray[np.int32]


def _none() -> Slots:
    return np.zeros(0, np.int32)


@dataclass(slots=True)
class LiveRoom:
    """A live room; the last word of it came at `heard_ms`."""

    room_id: str
    host_id: str
    host: int
    """Number of the host, see `RoomTable.host`."""
    names: list[str]
    """The ids on the shelf in the order in which the host numbers them, from 1."""
    announced: str | None
    """The item that the room's own record says is on air."""
    title: str | None
    heard_ms: int
    shelf_ms: int = 0
    """Event time of the word that brought the shelf as it is."""
    places: Slots = field(default_factory=_none)
    """The slot of each name, -1 for names that are not listed."""
    shelf: Slots = field(default_factory=_none)
    """The slots of the listed names, in the same order."""
    moment: RoomMoment | None = None
    """What was made of the host's words and the viewers' comments."""
    on_air: int = -1
    shown: list[str] = field(default_factory=list)
    """The items that were on air before, the last first."""
    version: int = 0
    """Changes whenever the shelf or the record of an item on it does; no other shelf, of whatever room, ever has the same."""
    unlisted: frozenset[str] = frozenset()
    """The ids on the shelf or on air that are not listed."""

    @property
    def on_air_id(self) -> str | None:
        """The item on air: what the room says, or else what was heard."""
        return self.announced if self.announced is not None or self.moment is None else self.moment.on_air

    @property
    def bytes(self) -> int:
        """About how much memory the room takes."""
        return ROOM_BYTES + PLACE_BYTES * len(self.names) + sum(UNLISTED_BYTES + len(name) for name in self.unlisted)


class RoomTable:
    """The rooms that are live now, and for each item slot the rooms on whose shelf it is.

    A room ends when it says so, or has said nothing for `silence_ms`. When all rooms together take more than `most_bytes`, the one that
    has been silent for longest is taken for ended. The answers that batches need are kept up to date with every change, so that the work
    of a batch does not grow with the rooms.
    """

    def __init__(self, items: ItemTable, silence_ms: int, most_bytes: int = MOST_BYTES) -> None:
        self.items = items
        self.live: OrderedDict[str, LiveRoom] = OrderedDict()
        """By id; the room that has been silent for longest comes first."""
        self.any_room = False
        """Whether a room was ever announced, live or ended."""
        self.bytes = 0
        self.counts: Counter[str] = Counter()
        """Rooms that were taken for ended, because they were silent for too long ("room_silent") or over the limit ("room_over")."""
        self._versions = count(1)
        self._moments: OrderedDict[str, RoomMoment] = OrderedDict()
        """Of rooms that are not live: the record of the room may come after its moment."""
        self._silence_ms, self._most_bytes = silence_ms, most_bytes
        self._said_ms = 0
        self._hosts = Numbers()
        self._having: dict[int, list[str]] = {}
        """By slot: the ids of the rooms that have the item on their shelf, sorted."""
        self._wanting: dict[str, set[str]] = {}
        """By an id that is not listed: the rooms that name it."""
        self._shelves, self._airs, self._host_of = _none(), _none(), _none()
        """By slot: on how many shelves the item is, in how many rooms it is on air, and the number of the host of the first room by id."""

    def put(self, room: Room, heard_ms: int) -> None:
        """Open, change or end a room."""
        self.any_room = True
        if room.status == "ended":
            self.remove(room.room_id)
            return
        known = self.live.get(room.room_id)
        # The tables by host know a room's host as long as it is live: another host makes it another room.
        if known is None or known.host_id != room.host_id:
            self.remove(room.room_id)
            known = LiveRoom(room.room_id, room.host_id, self._hosts.take(room.host_id), [], None, None, heard_ms)
            known.moment = self._moments.pop(room.room_id, None)
            known.shown = known.moment.shown if known.moment is not None else []
            self.live[room.room_id] = known
            self.bytes += known.bytes
        self.live.move_to_end(room.room_id)
        self.bytes -= known.bytes
        # Rooms say again that they are live, mostly with the shelf that they had.
        if known.names != room.shelf:
            known.names = [self._own(name) for name in room.shelf]
            known.shelf_ms = int(room.ts)
            known.version = next(self._versions)
        before = known.on_air_id
        known.announced, known.title, known.heard_ms = room.on_air, room.title, heard_ms
        self._shown(known, before)
        self.bytes += known.bytes
        self._look(known)
        self._make_way(heard_ms)

    def hear(self, moment: RoomMoment) -> None:
        """Take over what a room is about at the moment, unless something newer is known."""
        room = self.live.get(moment.room_id)
        if room is None:
            self._moments[moment.room_id] = moment
            self._moments.move_to_end(moment.room_id)
            if len(self._moments) > MOST_MOMENTS:
                self._moments.popitem(last=False)
        elif room.moment is None or moment.ts >= room.moment.ts:
            before, room.moment = room.on_air_id, moment
            self._shown(room, before)
            # Who keeps the room's row knows what was on air before this worker began.
            if moment.on_air == room.on_air_id and moment.shown:
                room.shown = moment.shown
            if room.on_air_id != before:
                self._look(room)

    def forget(self, room_id: str) -> None:
        """Forget what a room was about."""
        self._moments.pop(room_id, None)
        room = self.live.get(room_id)
        if room is not None and room.moment is not None:
            before, room.moment = room.on_air_id, None
            if room.on_air_id != before:
                self._look(room)

    def renew(self, slot: int) -> None:
        """What is read of an item has changed: the names of the shelves that have it are read anew."""
        for room_id in self._having.get(slot, ()):
            self.live[room_id].version = next(self._versions)

    def remove(self, room_id: str) -> None:
        """Forget a room."""
        room = self.live.get(room_id)
        if room is not None:
            self._change(room, _none(), -1, frozenset())
            self.bytes -= room.bytes
            self._hosts.give(room.host)
            del self.live[room_id]

    def expire(self, now_ms: int) -> None:
        """End rooms that have said nothing for too long."""
        while self.live and (room := next(iter(self.live.values()))).heard_ms <= now_ms - self._silence_ms:
            logger.info("the room %s has said nothing for %d s and is taken for ended", room.room_id, self._silence_ms // 1000)
            self.counts["room_silent"] += 1
            self.remove(room.room_id)

    def join(self, item_id: str) -> None:
        """An item is listed from now on: put it into the rooms that name its id."""
        for room_id in sorted(self._wanting.get(item_id, ())):
            self._look(self.live[room_id])

    def part(self, slot: int) -> None:
        """The item of a slot is no longer listed: the rooms that have it keep its id."""
        having = set(self._having.get(slot, ()))
        # Few items are on air: only for these all rooms are looked through.
        if slot < len(self._airs) and self._airs[slot]:
            having.update(room.room_id for room in self.live.values() if room.on_air == slot)
        for room_id in sorted(having):
            self._look(self.live[room_id])

    def on_shelf(self, size: int) -> NDArray[np.bool_]:
        """Which slots lie on the shelf of a live room."""
        self._grow(size)
        return np.asarray(self._shelves[:size] > 0)

    def on_air(self, size: int) -> NDArray[np.bool_]:
        """Which slots are on air in a live room."""
        self._grow(size)
        return np.asarray(self._airs[:size] > 0)

    @property
    def changes(self) -> int:
        """How often a host got or lost a number."""
        return self._hosts.changes

    def host(self, host_id: str) -> int:
        """The number of a host; 0 for one without a live room."""
        return self._hosts.of(host_id)

    def hosts(self, size: int) -> Slots:
        """The number of the host in whose live room each slot is, 0 for none; of several rooms the first by id counts."""
        self._grow(size)
        return self._host_of[:size]

    def room_of(self, slot: int, preferred: str | None) -> str | None:
        """A live room that has the item on its shelf: the preferred one if it has, else the first by id."""
        having = self._having.get(slot, [])
        if preferred is not None and (at := bisect_left(having, preferred)) < len(having) and having[at] == preferred:
            return preferred
        return having[0] if having else None

    def _shown(self, room: LiveRoom, before: str | None) -> None:
        """Keep what was on air before, if that has changed."""
        if room.on_air_id != before:
            room.shown = shown_before(room.shown, before, room.on_air_id, SHOWN)

    def _own(self, name: str) -> str:
        """The catalogue's own copy of an id, so that shelves share the strings of listed items."""
        slot = self.items.slots.get(name)
        return name if slot is None else self.items.ids[slot]

    def _look(self, room: LiveRoom) -> None:
        """Find the room's items among those that are listed now, and keep the tables in step."""
        slots = self.items.slots
        places = self.items.find(room.names)
        if not np.array_equal(places, room.places):
            room.places, room.version = places, next(self._versions)
        on_air = slots.get(room.on_air_id, -1) if room.on_air_id is not None else -1
        unlisted = frozenset(name for name in (*room.names, room.on_air_id) if name is not None and name not in slots)
        self._change(room, room.places[room.places >= 0], on_air, unlisted)

    def _change(self, room: LiveRoom, shelf: Slots, on_air: int, unlisted: frozenset[str]) -> None:
        """Give a room these items, and keep the tables by slot and by id in step with it."""
        self._grow(self.items.size)
        before, after = set(room.shelf.tolist()), set(shelf.tolist())
        for slot in before - after:
            having = self._having[slot]
            del having[bisect_left(having, room.room_id)]
            self._count(slot, -1)
        for slot in after - before:
            insort(self._having.setdefault(slot, []), room.room_id)
            self._count(slot, 1)
        for slot, more in ((room.on_air, -1), (on_air, 1)):
            if slot >= 0:
                self._airs[slot] += more
        for name in room.unlisted - unlisted:
            self._wanting[name].discard(room.room_id)
            if not self._wanting[name]:
                del self._wanting[name]
        for name in unlisted - room.unlisted:
            self._wanting.setdefault(name, set()).add(room.room_id)
        self.bytes -= room.bytes
        room.shelf, room.on_air, room.unlisted = shelf, on_air, unlisted
        self.bytes += room.bytes

    def _count(self, slot: int, more: int) -> None:
        self._shelves[slot] += more
        having = self._having[slot]
        self._host_of[slot] = self.live[having[0]].host if having else 0
        if not having:
            del self._having[slot]

    def _grow(self, size: int) -> None:
        if size > len(self._shelves):
            # Doubled, so that a catalogue that is read item by item copies each column a few times only.
            more = max(256, 2 * size) - len(self._shelves)
            self._shelves, self._airs, self._host_of = (np.pad(column, (0, more)) for column in (self._shelves, self._airs, self._host_of))

    def _make_way(self, now_ms: int) -> None:
        # One room may stay, however large: it has just spoken, and its shelf is bounded by the wire type.
        while self.bytes > self._most_bytes and len(self.live) > 1:
            room_id = next(iter(self.live))
            self.counts["room_over"] += 1
            if now_ms - self._said_ms > SAY_AGAIN_MS:
                self._said_ms = now_ms
                logger.warning(
                    "live rooms take more than %d MiB, and %s, the one that was silent for longest, is taken for ended; "
                    "end rooms that are over, or shorten their shelves",
                    self._most_bytes >> 20,
                    room_id,
                )
            self.remove(room_id)
