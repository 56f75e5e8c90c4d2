"""The processor of the room family: what hosts say and viewers write tells what a room is about, and questions are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Outcome, Part
from streamrec.events.registry import WriterSchemas
from streamrec.settings import Settings
from streamrec.state.memory import RoomMemory, RoomShard
from streamrec.state.packing import pack_room, unpack_room
from streamrec.state.room import RoomRow
from streamrec.system.clock import now_ms
from streamrec.worker.room_batch import RoomBatch, RoomSide
from streamrec.worker.room_story import RoomStory

ROOMS_PER_TICK = 200
"""Moments that one tick sends of a partition: each costs some tenths of a millisecond."""


class RoomProcessor:
    """Applies every segment, comment and order once to its room's row, and answers questions once."""

    memory = RoomMemory
    pack = staticmethod(pack_room)
    unpack = staticmethod(unpack_room)

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        story: RoomStory,
        clock_ms: Callable[[], int] = now_ms,
        schemas: WriterSchemas | None = None,
    ) -> None:
        self._side = RoomSide(settings, catalogue, story, clock_ms, schemas)

    def process(self, parts: Sequence[Part[RoomRow, RoomMemory]]) -> list[Outcome]:
        """Apply the records in order."""
        return [RoomBatch(self._side, part.shard).apply(part.records) for part in parts]

    def waits(self, shard: RoomShard) -> bool:
        """Whether a moment is due, or a room may be over."""
        now = self._side.clock_ms()
        return any(at <= now for at in shard.memory.due.values())

    def tick(self, shard: RoomShard, now_ms: int) -> Outcome:
        """Send what is due."""
        batch = RoomBatch(self._side, shard)
        batch.send_due(ROOMS_PER_TICK)
        return batch.outcome
