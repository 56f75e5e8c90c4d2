"""Keeps the catalogue up to date: records of the broadcast topics change what every worker knows of the shop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.records import Inbound, Outbound, place
from streamrec.errors import BadEvent
from streamrec.events.codec import check_route, decode, decode_internal, key_text
from streamrec.events.registry import SchemaAwaited, WriterSchemas
from streamrec.events.sizes import size_of
from streamrec.events.speech import RoomMoment
from streamrec.events.types import Item, Room, Rule
from streamrec.settings import Settings
from streamrec.state.memory import UserMemory
from streamrec.state.stats import decode_stats
from streamrec.worker.rejects import Rejects

logger = logging.getLogger(__name__)
TOPICS = ("items", "rooms", "rules", "item-stats", "room-moments")
KEYS = {"items": "item_id", "rooms": "room_id", "rules": "rule_id"}
_decode_moment = msgspec.json.Decoder(RoomMoment).decode
STALE_S = 1.0
"""The topics are polled every 0.2 s. After a second without an answer something may have been sold out that lists still show, and they say
so (`stale-catalogue`)."""
AWAITING_BYTES = 16 << 20
"""Records that wait for their schemas take no more than this; the next ones become dead letters, which can be sent back."""


class CatalogueFeed:
    """Applies items, rooms, rules and statistics to a catalogue, and removes what has a tombstone; implements `follower.Feed`.

    A record that cannot be used changes nothing. Every worker reads it, but only one dead letter is sent for it: by the worker that
    owns user partition 0, whose memory says which letters have been sent.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        monotonic: Callable[[], float] = time.monotonic,
        schemas: WriterSchemas | None = None,
    ) -> None:
        """`schemas` gives the schemas of records in Avro."""
        self._settings = settings
        self._schemas = schemas
        self._catalogue = catalogue
        self._monotonic = monotonic
        self._polled_at = monotonic()
        self._rejects = Rejects(settings.topic("dead-letters"))
        self._awaiting: dict[tuple[str, bytes | None], tuple[Inbound, int]] = {}
        self._awaiting_bytes = 0

    def topics(self) -> list[str]:
        """The full names of the topics that this feed follows."""
        return [self._settings.topic(name) for name in TOPICS]

    def polled(self, moment: float) -> None:
        """Take note that the topics were polled at this monotonic time."""
        self._polled_at = moment

    def stale(self) -> bool:
        """Whether the topics have not been polled for so long that an item may be off sale without our knowledge."""
        return self._monotonic() - self._polled_at > STALE_S

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Take over records of one topic partition, in order."""
        name = topic.removeprefix(self._settings.prefix)
        items: list[Item] = []
        for record in records:
            self._forget_awaiting(name, record.key)
            try:
                if name == "item-stats":
                    self._apply_stats(record)
                    continue
                if name == "room-moments":
                    self._apply_moment(record)
                    continue
                event = self._decode(name, record)
                if isinstance(event, Item):
                    items.append(event)  # encoded together below: texts cost the model least in batches
                    continue
                # What came before must be there first: a room may show an item of the same chunk, and a tombstone may delete it.
                self._catalogue.put_items(items)
                items.clear()
                if isinstance(event, Room):
                    self._catalogue.put_room(event, record.timestamp)
                elif isinstance(event, Rule):
                    self._catalogue.rules.put(event)
                else:
                    self._remove(name, key_text(record.key))
            except SchemaAwaited as awaited:
                self._await(name, record, awaited.schema_id)
            except BadEvent as error:
                self.reject(record, error)
        self._catalogue.put_items(items)

    def reject(self, record: Inbound, error: BadEvent) -> None:
        """Make a dead letter of a record of any broadcast topic."""
        logger.warning("a record of the catalogue cannot be used (%s): %s", error.reason, error, extra=place(record))
        self._rejects.add(record, error)

    def settle(self) -> None:
        """Bound the statistics of items that no record lists: all records that were there at the start have been applied."""
        self._catalogue.unlisted.settle()

    def between(self) -> None:
        """Apply the records whose schemas have arrived."""
        if self._schemas is None or not self._awaiting:
            return
        for (name, key), (record, schema_id) in list(self._awaiting.items()):
            if self._schemas.settled(schema_id):
                self._forget_awaiting(name, key)
                self.apply(record.topic, [record])

    def awaiting(self) -> int:
        """How many records wait for their schemas."""
        return len(self._awaiting)

    def dead_letters(self, memory: UserMemory, now_ms: int) -> list[Outbound]:
        """The dead letters that the memory of partition 0 does not know as sent."""
        return self._rejects.letters(memory, now_ms)

    def _await(self, name: str, record: Inbound, schema_id: int) -> None:
        size = size_of(record.key, record.value, record.headers)
        if self._awaiting_bytes + size > AWAITING_BYTES:
            self.reject(record, BadEvent("unknown_schema", f"too many records wait for their schemas, this one for {schema_id}"))
            return
        self._awaiting[name, record.key] = record, schema_id
        self._awaiting_bytes += size

    def _forget_awaiting(self, name: str, key: bytes | None) -> None:
        """Drop a waiting record: a later one has come under its key."""
        if self._awaiting and (former := self._awaiting.pop((name, key), None)) is not None:
            self._awaiting_bytes -= size_of(former[0].key, former[0].value, former[0].headers)

    def _decode(self, name: str, record: Inbound) -> Item | Room | Rule | None:
        """The item, room or rule, or None for a tombstone."""
        if record.value is None:
            return None
        event = decode(name, record.value, record.headers, self._schemas)
        assert isinstance(event, Item | Room | Rule)
        own_id: str = getattr(event, KEYS[name])
        # One partition only: other partitioners are no harm to topics that every worker reads whole.
        check_route(record.key, own_id, 0, 1)
        return event

    def _remove(self, name: str, key: str) -> None:
        match name:
            case "items":
                self._catalogue.remove_item(key)
            case "rooms":
                self._catalogue.rooms.remove(key)
            case "rules":
                self._catalogue.rules.remove(key)

    def _apply_moment(self, record: Inbound) -> None:
        room_id = key_text(record.key)
        if record.value is None:
            self._catalogue.rooms.forget(room_id)
            return
        moment = decode_internal(_decode_moment, record.value)
        if moment.room_id != room_id:
            raise BadEvent("misrouted", "the key differs from the id in the value; only streamrec writes to this topic")
        self._catalogue.rooms.hear(moment)

    def _apply_stats(self, record: Inbound) -> None:
        item_id = key_text(record.key)
        if record.value is None:
            self._catalogue.drop_stats(item_id)
        else:
            self._catalogue.put_stats(item_id, decode_internal(decode_stats, record.value), record.partition, record.timestamp)
