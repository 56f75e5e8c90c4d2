"""What one call of the processor does to the rooms of one partition: words of hosts, comments and orders change their rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import LiveRoom
from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, Outbound
from streamrec.errors import BadEvent
from streamrec.events.codec import check_route, decode, decode_internal, encode, key_text
from streamrec.events.dead_letters import dead_letter
from streamrec.events.registry import SchemaAwaited, WriterSchemas
from streamrec.events.speech import Insight, Transcript
from streamrec.settings import Settings
from streamrec.state.memory import RoomShard
from streamrec.state.room import Order, RoomRow, fade
from streamrec.worker.room_moment import moment
from streamrec.worker.room_story import RoomStory

MOMENT_MS = 1_000
"""Least time between two moments of a room, unless another item is on air: hundreds of comments a second change it a little each."""
FADE_MS = 60_000
"""After so long without anything new, what people wrote leaves the row. While there is something new, that happens at every comment."""
LEFT_MS = 600_000
"""The row of a room that has ended stays for ten minutes: its last comments come late, and a host whose stream broke off comes back."""
_decode_insight = msgspec.json.Decoder(Insight).decode
_decode_order = msgspec.json.Decoder(Order).decode


@dataclass(slots=True)
class RoomSide:
    """What all batches of the room family share."""

    settings: Settings
    catalogue: Catalogue
    story: RoomStory
    clock_ms: Callable[[], int]
    schemas: WriterSchemas | None


class RoomBatch:
    """Applies records of one topic after the other to the rooms of one shard."""

    def __init__(self, side: RoomSide, shard: RoomShard) -> None:
        self._side, self._shard, self._rows, self._due = side, shard, shard.rows, shard.memory.due
        topic = side.settings.topic
        self._dead, self._replies, self._moments = topic("dead-letters"), topic("replies"), topic("room-moments")
        self._now = side.clock_ms()
        self.outcome = Outcome()

    def apply(self, records: Sequence[Inbound]) -> Outcome:
        """Apply records of one topic, and send the moments of rooms where it is time."""
        self.outcome, begin = Outcome(), time.perf_counter()
        name = records[0].topic.removeprefix(self._side.settings.prefix)
        for record in records:
            try:
                self._take(name, record)
            except BadEvent as error:
                self.outcome.records.append(dead_letter(self._dead, record, "decode", error, self._now))
                self.outcome.counts["dead_letter"] += 1
        self.send_due(len(records))
        self.outcome.seconds["rooms"] = time.perf_counter() - begin
        return self.outcome

    def send_due(self, most: int) -> None:
        """Send moments whose time has come, and forget rooms that are over."""
        due = [room_id for room_id, at in self._due.items() if at <= self._now][:most]
        for room_id in due:
            key = room_id.encode()
            row, live = self._rows.get(key), self._side.catalogue.rooms.live.get(room_id)
            del self._due[room_id]
            if row is None:
                continue
            if live is not None:
                self._fade(key, row)
                self._send(room_id, row)
            elif self._now >= row.seen_ms + LEFT_MS:
                self._rows.delete(key)
                self.outcome.saved.append(Outbound(self._moments, key, None, (), self._shard.number))
                self._side.catalogue.rooms.forget(room_id)
            if live is not None or self._now < row.seen_ms + LEFT_MS:
                waits_ms = FADE_MS if live is not None and row.quotes else LEFT_MS
                self._due[room_id] = max(row.seen_ms + waits_ms, self._now + MOMENT_MS)

    def _take(self, name: str, record: Inbound) -> None:
        match name:
            case "transcripts":
                self._hear(record)
            case "danmaku-insights":
                insight = decode_internal(_decode_insight, record.value)
                if self._fresh(record, insight.source, insight.room_id):
                    self._change(insight.room_id, lambda row, live: self._side.story.comment(row, insight, live))
            case _:
                order, room_id = decode_internal(_decode_order, record.value), key_text(record.key)
                if self._fresh(record, order.source, room_id):
                    self._change(room_id, lambda row, live: self._side.story.order(row, order, live))

    def _hear(self, record: Inbound) -> None:
        try:
            event = decode("transcripts", record.value, record.headers, self._side.schemas)
        except SchemaAwaited:
            # What hosts say is of the moment: it would be of no use by the time the schema is known.
            raise BadEvent("unknown_schema", "the schema of the body was not known yet; send the next segments") from None
        assert isinstance(event, Transcript)
        check_route(record.key, event.room_id, record.partition, self._side.settings.partitions)
        self._change(event.room_id, lambda row, live: self._side.story.hear(row, event, live))

    def _fresh(self, record: Inbound, source: tuple[str, int, int], room_id: str) -> bool:
        if record.key != room_id.encode():
            raise BadEvent("misrouted", "the key differs from the id in the value; only streamrec writes to this topic")
        if self._shard.memory.passes(*source):
            return True
        self.outcome.counts["repeated"] += 1
        return False

    def _change(self, room_id: str, change: Callable[[RoomRow, LiveRoom], Sequence[msgspec.Struct]]) -> None:
        """Change the row of a live room, and send the replies to which that leads."""
        live = self._side.catalogue.rooms.live.get(room_id)
        if live is None:
            # Anybody can invent ids of rooms: rows are kept of those that were announced.
            self.outcome.counts["roomless"] += 1
            return
        key = room_id.encode()
        row = self._rows.get(key) or RoomRow()
        before = row.on_air
        for reply in change(row, live):
            self.outcome.saved.append(Outbound(self._replies, key, encode(reply), (), self._shard.number))
            self.outcome.counts["reply"] += 1
        row.seen_ms = self._now
        self._rows.put(key, row)
        self.outcome.counts["applied"] += 1
        # Another item on air moves lists: everybody is to know at once.
        at = self._now if row.on_air != before else max(self._now, row.sent_ms + MOMENT_MS)
        self._due[room_id] = min(at, self._due.get(room_id, at))

    def _fade(self, key: bytes, row: RoomRow) -> None:
        """Forget what people wrote in a room that has been silent for a while."""
        if row.quotes and self._now >= row.seen_ms + FADE_MS:
            row.ts, row.seen_ms = row.ts + self._now - row.seen_ms, self._now
            fade(row)
            self._rows.put(key, row)

    def _send(self, room_id: str, row: RoomRow) -> None:
        """Send a room's moment in the checkpoint, so that no worker that has lost the partition writes an old one over it."""
        if row.seen_ms < row.sent_ms:
            return
        made = moment(room_id, row, self._side.catalogue.records)
        row.sent_ms = self._now
        self._rows.put(room_id.encode(), row)
        self.outcome.saved.append(Outbound(self._moments, room_id.encode(), encode(made), (), self._shard.number))
        self.outcome.counts["moment"] += 1
        # This worker knows its own moments at once; the others read them from the topic.
        self._side.catalogue.rooms.hear(made)
