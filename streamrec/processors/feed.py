"""The catalogue side: records of the broadcast topics change what every worker knows of the shop."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.errors import BadEvent
from streamrec.events.codec import check_route, decode
from streamrec.events.dead_letters import dead_letter
from streamrec.events.records import Inbound, Outbound, place
from streamrec.events.registry import WriterSchemas
from streamrec.events.types import Item, Room, Rule
from streamrec.processors.base import Memory
from streamrec.settings import Settings
from streamrec.state.stats import decode_stats

logger = logging.getLogger(__name__)
TOPICS = ("items", "rooms", "rules", "item-stats")
KEYS = {"items": "item_id", "rooms": "room_id", "rules": "rule_id"}
STALE_S = 1.0
KEPT_REJECTS = 10_000


class CatalogueFeed:
    """Applies items, rooms, rules and statistics, tombstones among them, to a catalogue; what cannot be used keeps its former state.

    Every worker reads all of these topics, but a bad record becomes one dead letter: the worker that holds user partition 0
    sends it, and that partition's memory says up to where it has been done.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        monotonic: Callable[[], float] = time.monotonic,
        schemas: WriterSchemas | None = None,
    ) -> None:
        """`schemas` are those of events in Avro."""
        self._settings = settings
        self._schemas = schemas
        self._catalogue = catalogue
        self._monotonic = monotonic
        self._polled_at = monotonic()
        self._rejects: deque[tuple[Inbound, BadEvent]] = deque(maxlen=KEPT_REJECTS)

    def topics(self) -> list[str]:
        """The full names of the topics that this feeds on."""
        return [self._settings.topic(name) for name in TOPICS]

    def polled(self, moment: float) -> None:
        """The topics were polled at this monotonic time."""
        self._polled_at = moment

    def stale(self) -> bool:
        """Whether the topics have not been polled for a second, so that what is off sale may not be known."""
        return self._monotonic() - self._polled_at > STALE_S

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Take over records of one topic partition, in order."""
        name = topic.removeprefix(self._settings.prefix)
        if name == "item-stats":
            self._apply_stats(records)
            return
        items: list[Item] = []
        for record in records:
            try:
                event = self._decode(name, record)
            except BadEvent as error:
                logger.warning("a record of the catalogue cannot be used (%s): %s", error.reason, error, extra=place(record))
                self._rejects.append((record, error))
                continue
            if isinstance(event, Item):
                items.append(event)
                continue
            self._catalogue.put_items(items)
            items.clear()
            if isinstance(event, Room):
                self._catalogue.put_room(event, record.timestamp)
            elif isinstance(event, Rule):
                self._catalogue.rules.put(event)
            else:
                self._remove(name, (record.key or b"").decode())
        self._catalogue.put_items(items)

    def dead_letters(self, memory: Memory, now_ms: int) -> list[Outbound]:
        """Dead letters of the bad records that `memory` does not know as done; to be called for one partition only."""
        done: dict[str, int] = memory.setdefault("rejected", {})
        letters = []
        for record, error in self._rejects:
            place = f"{record.topic}-{record.partition}"
            if record.offset > done.get(place, -1):
                done[place] = record.offset
                letters.append(dead_letter(self._settings.topic("dead-letters"), record, "catalogue", error, now_ms))
        self._rejects.clear()
        return letters

    def _decode(self, name: str, record: Inbound) -> Item | Room | Rule | None:
        """The item, room or rule, or None for a tombstone."""
        if record.value is None:
            if not record.key:
                raise BadEvent("missing_key", "the tombstone has no key; send the id of what is to be deleted as the key")
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

    def _apply_stats(self, records: Sequence[Inbound]) -> None:
        for record in records:
            item_id = (record.key or b"").decode(errors="replace")
            if record.value is None:
                self._catalogue.drop_stats(item_id)
                continue
            try:
                stats = decode_stats(record.value)
            except msgspec.DecodeError as error:
                logger.warning("statistics of an item cannot be read: %s", error, extra=place(record))
                continue
            self._catalogue.put_stats(item_id, stats, record.partition, record.timestamp)
