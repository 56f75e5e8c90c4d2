"""What the state families remember of a partition beside their rows. The names of the fields are those in the mark."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import field

from streamrec.contract.backlog import Backlog
from streamrec.contract.memory import Memory
from streamrec.contract.processor import Shard
from streamrec.state.item import ItemRow
from streamrec.state.packing import UserState
from streamrec.state.room import RoomRow


class Late(NamedTuple):
    """How late the partition was (ms) when it was last seen late, and until when (ms since the epoch) that counts."""

    span_ms: int = 0
    until_ms: int = 0


class Awaited(NamedTuple):
    """The schema for which an event waits, and the bytes that the event takes."""

    schema_id: int
    size: int


class Sent(NamedTuple):
    """The last record of a broadcast partition whose dead letter was sent, and the newest time (ms) of any such record."""

    offset: int
    newest_ms: int


class Fence(NamedTuple):
    """The last signal of a source that was counted: offset of its event, and the signal's place among those of the event."""

    offset: int
    place: int


NOTHING_COUNTED = Fence(-1, -1)
"""Before every signal: offsets and places begin at 0."""


class UserMemory(Memory):
    """Of a partition of users."""

    waiting: dict[str, int] = field(default_factory=dict)
    """By user, in this order, the time (ms) since which their list is due."""
    late: Late = Late()
    parked: dict[str, Awaited] = field(default_factory=dict)
    """Events that wait for their schemas, by topic without the prefix and offset ("views-17"); the events themselves are rows."""
    rejected: dict[str, Sent | int] = field(default_factory=dict)
    """By partition of a broadcast topic ("shop.items-0"); versions before 0.2 wrote the offset alone. Only partition 0 has any."""

    def backlog(self, now_ms: int) -> Backlog:
        """Who and what waits."""
        overdue = [due_ms for due_ms in self.waiting.values() if due_ms < now_ms]
        overdue_s = (now_ms - min(overdue)) / 1000 if overdue else 0.0
        return Backlog(len(self.waiting), len(overdue), overdue_s, len(self.parked))


class FencedMemory(Memory):
    """Of a partition to which the user side tells something, each time with the coordinates of the event from which it comes."""

    fences: dict[str, Fence] = field(default_factory=dict)
    """By source: a topic without the prefix and its partition, such as "views-3" (see `fences`)."""

    def passes(self, topic: str, partition: int, offset: int, place: int = 0) -> bool:
        """Whether what comes from this place has not been counted yet; from now on it has."""
        source, fence = f"{topic}-{partition}", Fence(offset, place)
        if fence <= self.fences.get(source, NOTHING_COUNTED):
            return False
        self.fences[source] = fence
        return True


class ItemMemory(FencedMemory):
    """Of a partition of items."""

    waiting: dict[str, int] = field(default_factory=dict)
    """By item, in this order, the time (ms) since which its statistics may be sent."""
    again: bytes | None = None
    """The key up to which statistics that their topic has lost were sent again; None where none are to be."""


class RoomMemory(FencedMemory):
    """Of a partition of rooms."""

    due: dict[str, int] = field(default_factory=dict)
    """By room, the time (ms) from which its moment may be sent again; a room stays here until its row is deleted."""


UserShard = Shard[UserState, UserMemory]
ItemShard = Shard[ItemRow, ItemMemory]
RoomShard = Shard[RoomRow, RoomMemory]
