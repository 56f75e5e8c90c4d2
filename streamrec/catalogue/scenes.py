"""What a comment in a room can refer to: the shelf, what is on air, what was on air before, and what the host has just said."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from streamrec.catalogue.records import Records
from streamrec.catalogue.rooms import LiveRoom, RoomTable
from streamrec.understanding.names import Names
from streamrec.understanding.scene import Scene

SHELVES = 256
"""Shelves whose names are kept ready: to read those of a shelf of twenty items takes some milliseconds."""
NOWHERE = Scene()


class Scenes:
    """The scenes of the live rooms. The names of a shelf are read when the first comment comes, and anew when the shelf has changed."""

    def __init__(self, rooms: RoomTable, records: Records) -> None:
        self._rooms, self._records = rooms, records
        self._names: OrderedDict[str, tuple[int, Names]] = OrderedDict()
        """By room: the version of the shelf, and its names."""

    def of(self, room_id: str | None, ts: int | None = None, last: Sequence[str] = ()) -> Scene:
        """The scene of a room for a comment of the event time `ts` (ms) by a viewer who meant the items `last` before, newest first.

        A place on the shelf that a comment names is nobody's where the comment is older than the shelf: what lay there is not known any more.
        """
        room = self._rooms.live.get(room_id) if room_id is not None else None
        if room is None:
            return Scene(last=last)
        names = self.names(room) if ts is None or ts >= room.shelf_ms else None
        moment = room.moment
        return Scene(names, room.on_air_id, room.shown, moment.speech if moment is not None else "", last)

    def names(self, room: LiveRoom) -> Names:
        """The names of the items on a room's shelf."""
        version, names = self._names.get(room.room_id, (-1, None))
        if names is None or version != room.version:
            names = Names([self._records.get(item_id) for item_id in room.names])
            self._names[room.room_id] = room.version, names
            if len(self._names) > SHELVES:
                self._names.popitem(last=False)
        self._names.move_to_end(room.room_id)
        return names
