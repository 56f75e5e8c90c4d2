"""The user side: views, purchases, danmaku, feedback and erasures change the user's row; triggers are answered by lists."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypeGuard

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.clock import now_ms
from streamrec.errors import BadEvent
from streamrec.events.codec import check_route, cloud_event_headers, decode_batch, encode, header
from streamrec.events.dead_letters import dead_letter
from streamrec.events.records import Inbound, Outbound, Rows
from streamrec.events.registry import WriterSchemas
from streamrec.events.types import Danmaku, Erasure, Feedback, Purchase, Trigger, UserEvent, View
from streamrec.learning.slates import encode_slate
from streamrec.processors.base import Memory, Outcome
from streamrec.processors.feed import CatalogueFeed
from streamrec.processors.lists import ListMaker, Request
from streamrec.settings import Settings
from streamrec.state.apply import apply
from streamrec.state.packing import pack_user, unpack_user
from streamrec.state.repeats import is_repeat, remember
from streamrec.state.signals import signals
from streamrec.state.user import WAITING, ErasedUser, UserRow, erased_key

UserRows = Rows[UserRow | ErasedUser]
LIST_TYPE = "streamrec.recommendation"
TRIGGERS = ("views", "purchases", "danmaku")
_encode_signal = msgspec.json.Encoder().encode


class UserProcessor:
    """Applies every event once to its user's row and covers every trigger by a list."""

    pack = staticmethod(pack_user)
    unpack = staticmethod(unpack_user)

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        maker: ListMaker,
        clock_ms: Callable[[], int] = now_ms,
        rank_at: Collection[str] = TRIGGERS,
        feed: CatalogueFeed | None = None,
        schemas: WriterSchemas | None = None,
    ) -> None:
        """`rank_at` names the topics whose events are answered by lists; `feed` has the dead letters of the catalogue.

        `schemas` are those of events in Avro.
        """
        self.feed = feed
        self.schemas = schemas
        self.rank_at = rank_at
        self.settings = settings
        self.catalogue = catalogue
        self.maker = maker
        self.clock_ms = clock_ms
        self.lists, self.signals, self.dead_letters = map(settings.topic, ("recommendations", "item-signals", "dead-letters"))
        self.slates = settings.topic("slates")

    def process(self, rows: UserRows, memory: Memory, records: Sequence[Inbound]) -> Outcome:
        """Apply the records of one topic partition in order."""
        return _Batch(self, rows, memory).run(records)

    def waits(self, memory: Memory) -> bool:
        """Whether a list waits for its user's minimum interval, or the catalogue may have dead letters."""
        return bool(memory.get("waiting")) or (self.feed is not None and memory.get("partition") == 0)

    def tick(self, rows: UserRows, memory: Memory, now_ms: int) -> Outcome:
        """Make the lists that waited for a user's minimum interval to pass."""
        batch = _Batch(self, rows, memory)
        for user_id, due in list(memory.get("waiting", {}).items()):
            if due <= now_ms:
                batch.make_waiting(user_id)
        if self.feed is not None and memory.get("partition") == 0:
            batch.bury_all(self.feed.dead_letters(memory, now_ms))
        return batch.finish()


class _Batch:
    """One call of `process` or `tick`."""

    def __init__(self, side: UserProcessor, rows: UserRows, memory: Memory) -> None:
        self._side, self._rows, self._memory = side, rows, memory
        self._settings = side.settings
        self._out = Outcome()
        self._open: dict[str, Request] = {}

    def run(self, records: Sequence[Inbound]) -> Outcome:
        begin = time.perf_counter()
        name = records[0].topic.removeprefix(self._settings.prefix)
        for record, event in zip(records, decode_batch(name, records, self._side.schemas), strict=True):
            try:
                if isinstance(event, BadEvent):
                    raise event
                assert isinstance(event, UserEvent)
                check_route(record.key, event.user_id, record.partition, self._settings.partitions)
                self._take(record, name, event)
            except BadEvent as error:
                self._bury(record, error)
        self._out.seconds["apply"] = time.perf_counter() - begin - self._out.seconds.get("rank", 0.0)
        return self.finish()

    def finish(self) -> Outcome:
        self._flush()
        return self._out

    def _take(self, record: Inbound, name: str, event: UserEvent) -> None:
        if isinstance(event, Erasure):
            self._erase(event)
            return
        row = admit(self._rows, event)
        if isinstance(row, str):
            self._out.counts[row] += 1
        elif row.offsets.get(name, -1) >= record.offset:
            self._out.counts["fenced"] += 1
        else:
            self._apply(record, name, event, row)

    def _apply(self, record: Inbound, name: str, event: View | Purchase | Danmaku | Feedback, row: UserRow) -> None:
        triggers = name in self._side.rank_at and is_trigger(event)
        if triggers and not self._settings.coalesce and event.user_id in self._open:
            self._flush()
        mentions = self._side.catalogue.mentioned(event.text, event.item_id, event.room_id) if isinstance(event, Danmaku) else []
        source = (name, record.partition, record.offset)
        said = signals(row, event, mentions, source)
        apply(row, event, mentions)
        self._out.records += [Outbound(self._side.signals, item_id.encode(), _encode_signal(signal)) for item_id, signal in said]
        row.offsets[name] = record.offset
        if event.event_id is not None:
            row.event_ids = remember(row.event_ids, event.event_id, event.ts)
        self._rows.put(event.user_id.encode(), row)
        self._out.counts["applied"] += 1
        self._out.event_ms = event.ts
        if triggers:
            self._trigger(record, event, row)

    def _trigger(self, record: Inbound, event: View | Purchase | Danmaku | Feedback, row: UserRow) -> None:
        event_id = event.event_id or f"{record.topic}-{record.partition}-{record.offset}"
        row.waiting.append((record.topic, record.partition, record.offset, event_id, int(event.ts)))
        self._out.counts["trigger"] += 1
        interval = self._settings.min_interval_ms
        if interval and event.ts - row.listed_ts < interval and len(row.waiting) < WAITING:
            self._memory.setdefault("waiting", {}).setdefault(event.user_id, self._side.clock_ms() + interval)
            return
        room_id = None if isinstance(event, Feedback) else event.room_id
        self._request(event.user_id, row, room_id, header(record.headers, "traceparent"), record.timestamp)

    def _request(
        self, user_id: str, row: UserRow, room_id: str | None = None, traceparent: bytes | None = None, appended_ms: int | None = None
    ) -> None:
        topic, partition, offset, event_id, ts = row.waiting[-1]
        trigger = Trigger(topic=topic, partition=partition, offset=offset, event_id=event_id, ts=ts)
        self._open[user_id] = Request(user_id, row, trigger, [entry[:3] for entry in row.waiting], room_id, traceparent, appended_ms)

    def make_waiting(self, user_id: str) -> None:
        """Ask for the list of a user whose triggers waited long enough."""
        self._memory["waiting"].pop(user_id, None)
        row = self._rows.get(user_id.encode())
        if isinstance(row, UserRow) and row.waiting:
            self._request(user_id, row)

    def bury_all(self, letters: Sequence[Outbound]) -> None:
        """Send the dead letters of the catalogue."""
        self._out.records += letters
        self._out.counts["dead_letter"] += len(letters)

    def _flush(self) -> None:
        """Make the lists that are asked for."""
        if not self._open:
            return
        begin = time.perf_counter()
        requests = list(self._open.values())
        self._open.clear()
        made = self._side.maker.make(requests)
        for request, made_list, slate in zip(requests, made.lists, made.slates, strict=True):
            request.row.waiting = []
            self._memory.get("waiting", {}).pop(request.user_id, None)
            key = request.user_id.encode()
            self._rows.put(key, request.row)
            headers = cloud_event_headers(made_list.list_id, LIST_TYPE, request.traceparent, time_ms=made_list.generated_ts)
            # The user's partition of the sources is that of the lists, too: no need to hash the key again.
            partition = self._memory.get("partition")
            if slate is not None:
                self._out.records.append(Outbound(self._side.slates, key, encode_slate(slate), (), partition))
            self._out.records.append(Outbound(self._side.lists, key, encode(made_list), headers, partition))
            self._out.counts["list"] += 1
            self._out.counts["coalesced"] += len(made_list.covers) - 1
            if made_list.degraded:
                self._out.counts[f"degraded_{made_list.degraded}"] += 1
        self._out.counts["kept"] += made.kept
        self._out.counts.update({f"removed_{name}": count for name, count in made.removed.items()})
        self._out.counts.update({f"source_failed_{name}": count for name, count in made.failed_sources.items()})
        for stage, seconds in made.seconds.items():
            self._out.seconds[stage] = self._out.seconds.get(stage, 0.0) + seconds
        self._out.seconds["rank"] = self._out.seconds.get("rank", 0.0) + time.perf_counter() - begin

    def _erase(self, event: Erasure) -> None:
        """Delete the row; what stays is a hash of the id with the time of the erasure and the number of the last list."""
        key, marker = event.user_id.encode(), erased_key(event.user_id)
        row, erased = self._rows.get(key), self._rows.get(marker)
        if event.user_id in self._memory.get("waiting", {}):
            self.make_waiting(event.user_id)
        self._flush()
        ts = max(event.ts, erased.ts if isinstance(erased, ErasedUser) else 0)
        seq = row.seq if isinstance(row, UserRow) else erased.seq if isinstance(erased, ErasedUser) else 0
        self._rows.put(marker, ErasedUser(ts, seq))
        if row is not None:
            self._rows.delete(key)
        self._out.counts["erasure"] += 1

    def _bury(self, record: Inbound, error: BadEvent) -> None:
        self._out.records.append(dead_letter(self._side.dead_letters, record, "decode", error, self._side.clock_ms()))
        self._out.counts["dead_letter"] += 1


def is_trigger(event: UserEvent) -> TypeGuard[View | Purchase | Danmaku]:
    """Whether the event is answered by a list: views, purchases and danmaku are, refunds are not."""
    return isinstance(event, View | Danmaku) or (isinstance(event, Purchase) and event.action == "purchase")


def admit(rows: UserRows, event: View | Purchase | Danmaku | Feedback) -> UserRow | Literal["erased", "repeated"]:
    """The row to which the event is to be applied, a new one for a new user, or why the event is dropped.

    "erased": the event is not younger than the user's erasure. "repeated": the user already sent this event_id.
    """
    row = rows.get(event.user_id.encode())
    if row is None:
        erased = rows.get(erased_key(event.user_id))
        row = UserRow(seq=erased.seq, not_before=erased.ts) if isinstance(erased, ErasedUser) else UserRow()
    assert isinstance(row, UserRow)
    if row.not_before and event.ts <= row.not_before:
        return "erased"
    if event.event_id is not None and is_repeat(row.event_ids, event.event_id):
        return "repeated"
    return row
