"""Events whose schema is not known yet: each waits as a row of its partition, while the others go on."""

from __future__ import annotations

from collections.abc import Iterator

from streamrec.contract.processor import Memory
from streamrec.contract.records import Inbound, Record
from streamrec.errors import BadEvent
from streamrec.events.registry import WriterSchemas
from streamrec.events.sizes import size_of
from streamrec.state.erasures import UserRows
from streamrec.state.user import ParkedEvent, parked_key

MOST_EVENTS, MOST_BYTES = 1_000, 4 << 20
"""Of one partition. They are rows of its changelog, and their places stand in its mark."""

Place = tuple[str, int]
"""Topic without the prefix, and offset."""


class Parked:
    """The memory of the partition holds, by topic and offset ("views-17"), the id of the schema and the size in bytes."""

    def __init__(self, memory: Memory, rows: UserRows) -> None:
        self._memory, self._rows = memory, rows

    def put(self, name: str, record: Inbound, schema_id: int) -> None:
        """Let an event of the topic `name` (without the prefix) wait.

        Raises:
            BadEvent: `unknown_schema`: too many wait already.
        """
        parked: dict[str, tuple[int, int]] = self._memory.setdefault("parked", {})
        size = size_of(record.key, record.value, record.headers)
        if len(parked) >= MOST_EVENTS or sum(other for _, other in parked.values()) + size > MOST_BYTES:
            raise BadEvent("unknown_schema", f"the schema {schema_id} is being asked for, and too many events wait for theirs")
        event = ParkedEvent(name, record.offset, record.timestamp, record.key, record.value or b"", list(record.headers))
        self._rows.put(parked_key(name, record.offset), event)
        parked[f"{name}-{record.offset}"] = schema_id, size

    def take(self, schemas: WriterSchemas, prefix: str) -> Iterator[tuple[str, Record, int]]:
        """The events, with their topics and the ids of their schemas, that are settled by now; they do not wait any more."""
        for place, (schema_id, _) in list(self._memory.get("parked", {}).items()):
            if schemas.settled(schema_id) and (event := self._remove(place)) is not None:
                number = self._memory.get("partition", 0)
                record = Record(prefix + event.topic, number, event.offset, event.timestamp, event.key, event.value, event.headers)
                yield event.topic, record, schema_id

    def erase(self, key: bytes) -> None:
        """Delete what waits of a person."""
        for place in list(self._memory.get("parked", {})):
            row = self._rows.get(_key(place))
            if isinstance(row, ParkedEvent) and row.key == key:
                self._remove(place)

    def _remove(self, place: str) -> ParkedEvent | None:
        del self._memory["parked"][place]
        row = self._rows.get(_key(place))
        if not isinstance(row, ParkedEvent):
            return None
        self._rows.delete(_key(place))
        return row


def _key(place: str) -> bytes:
    name, _, offset = place.rpartition("-")
    return parked_key(name, int(offset))
