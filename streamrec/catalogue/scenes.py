"""What a comment in a room can refer to: the shelf, what is on air, what was on air before, and what the host has just said."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from streamrec.catalogue.records import Records
from streamrec.catalogue.rooms import LiveRoom, RoomTable
from streamrec.events.types import Item
from streamrec.understanding.host.shelf import Shelf
from streamrec.understanding.names import Names
from streamrec.understanding.scene import Scene

SHELVES = 256
"""Shelves whose names are kept ready: to read those of a shelf of twenty items takes some milliseconds."""
Index = TypeVar("Index")


class Scenes:
    """The scenes of the live rooms. The names of a shelf are read when the first comment comes, and anew when the shelf has changed."""

    def __init__(self, rooms: RoomTable, records: Records) -> None:
        self._rooms = rooms
        self._names = _Read(records, lambda items, ids: Names(items))
        self._shelves = _Read(records, Shelf)

    def of(self, room_id: str | None, ts: int | None = None, last: Sequence[str] = ()) -> Scene:
        """The scene of a room for a comment of the event time `ts` (ms) by a viewer who meant the items `last` before, newest first.

        Where the comment is older than the shelf, the shelf names nothing: what lay there then is not known any more.
        """
        room = self._rooms.live.get(room_id) if room_id is not None else None
        if room is None:
            return Scene(last=last)
        names = self._names.of(room) if ts is None or ts >= room.shelf_ms else None
        moment = room.moment
        return Scene(names, room.on_air_id, room.shown, moment.speech if moment is not None else "", last)

    def shelf(self, room: LiveRoom) -> Shelf:
        """The items on a room's shelf, as hosts tell of them."""
        return self._shelves.of(room)


class _Read(Generic[Index]):
    """Indices of shelves, each made of the records of its items when it is first asked for, and anew when the shelf has changed."""

    def __init__(self, records: Records, read: Callable[[Sequence[Item | None], Sequence[str]], Index]) -> None:
        self._records, self._read = records, read
        self._made: OrderedDict[str, tuple[int, Index]] = OrderedDict()
        """By room: the version of the shelf, and what was made of it."""

    def of(self, room: LiveRoom) -> Index:
        """The index of the room's shelf as it is."""
        made = self._made.pop(room.room_id, None)
        if made is None or made[0] != room.version:
            made = room.version, self._read([self._records.get(item_id) for item_id in room.names], room.names)
        self._made[room.room_id] = made
        if len(self._made) > SHELVES:
            self._made.popitem(last=False)
        return made[1]
