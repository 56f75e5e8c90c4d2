"""Events whose schema is not known yet. Each waits as a row of its partition while the others go on."""

from __future__ import annotations

from collections.abc import Iterator

from streamrec.contract.records import Inbound, Record
from streamrec.errors import BadEvent
from streamrec.events.registry import WriterSchemas
from streamrec.events.sizes import size_of
from streamrec.state.memory import Awaited, UserShard
from streamrec.state.user import ParkedEvent, parked_key

MOST_EVENTS, MOST_BYTES = 1_000, 4 << 20
"""Of one partition. A registry that is away for minutes costs waiting, and not memory without end: the events are rows of the changelog,
and their places, of some 20 bytes, stand in the mark. What does not fit becomes a dead letter, which can be sent back."""

Place = tuple[str, int]
"""Topic without the prefix, and offset."""


class Parked:
    """The parked events of a shard: its rows hold the events, its memory where each was read and which schema it waits for."""

    def __init__(self, shard: UserShard) -> None:
        self._shard, self._rows, self._awaited = shard, shard.rows, shard.memory.parked

    def put(self, name: str, record: Inbound, schema_id: int) -> None:
        """Let an event of the topic `name` (without the prefix) wait.

        Raises:
            BadEvent: `unknown_schema`: too many wait already.
        """
        size = size_of(record.key, record.value, record.headers)
        if len(self._awaited) >= MOST_EVENTS or sum(other.size for other in self._awaited.values()) + size > MOST_BYTES:
            raise BadEvent("unknown_schema", f"the schema {schema_id} is being asked for, and too many events wait for theirs")
        event = ParkedEvent(name, record.offset, record.timestamp, record.key, record.value or b"", list(record.headers))
        self._rows.put(parked_key(name, record.offset), event)
        self._awaited[f"{name}-{record.offset}"] = Awaited(schema_id, size)

    def take(self, schemas: WriterSchemas, prefix: str) -> Iterator[tuple[str, Record, int]]:
        """Remove the events whose schemas are settled by now, and yield each with its topic and the id of its schema."""
        # A copy: whoever takes an event from here may let another one wait, or erase some.
        for place, (schema_id, _) in list(self._awaited.items()):
            if schemas.settled(schema_id) and (event := self._remove(place)) is not None:
                topic, number = prefix + event.topic, self._shard.number
                record = Record(topic, number, event.offset, event.timestamp, event.key, event.value, event.headers)
                yield event.topic, record, schema_id

    def erase(self, key: bytes) -> None:
        """Delete the waiting events of a person."""
        for place in list(self._awaited):
            row = self._rows.get(_key(place))
            if isinstance(row, ParkedEvent) and row.key == key:
                self._remove(place)

    def _remove(self, place: str) -> ParkedEvent | None:
        del self._awaited[place]
        row = self._rows.get(_key(place))
        if not isinstance(row, ParkedEvent):
            return None
        self._rows.delete(_key(place))
        return row


def _key(place: str) -> bytes:
    name, _, offset = place.rpartition("-")
    return parked_key(name, int(offset))
