"""One batch of the user family: events change rows, triggers ask for lists, and finished lists are sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, Outbound, traceparent
from streamrec.errors import BadEvent
from streamrec.events.cloud_events import cloud_event_headers
from streamrec.events.codec import check_route, decode_batch, encode
from streamrec.events.dead_letters import dead_letter
from streamrec.events.registry import SchemaAwaited, WriterSchemas
from streamrec.events.topics import is_trigger
from streamrec.events.types import Danmaku, Erasure, Purchase, Recommendation, RowEvent, Trigger, UserEvent
from streamrec.learning.slates import Slate, encode_slate
from streamrec.settings import Settings
from streamrec.state.apply import apply
from streamrec.state.erasures import find
from streamrec.state.erasures import remember as remember_erasure
from streamrec.state.fences import late_source
from streamrec.state.meant import NOTHING
from streamrec.state.memory import UserShard
from streamrec.state.repeats import remember
from streamrec.state.room import Order
from streamrec.state.signals import signals
from streamrec.state.user import ErasedUser, UserRow
from streamrec.system.clock import DAY_MS
from streamrec.understanding.reader import Judged
from streamrec.worker.admission import admit
from streamrec.worker.comments import Comments
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.parked import Parked
from streamrec.worker.waiting import Waiting

LIST_TYPE = "streamrec.recommendation"
LATE_ERASURE_MS = DAY_MS
"""An erasure that is no older than this when Kafka gets it deletes everything: clocks of event producers may be ahead of it."""
LIST_BYTES = 1_000_000
"""Kafka takes records of 1,048,588 bytes where nobody has set another limit. A place takes some 500 bytes, so that this is about 2,000."""
# Signals and orders are of our own making, and written as they are.
_encode_signal = msgspec.json.Encoder().encode


@dataclass(slots=True)
class UserSide:
    """What all batches of the user family share."""

    settings: Settings
    catalogue: Catalogue
    maker: ListMaker
    clock_ms: Callable[[], int]
    rank_at: Collection[str]
    """The topics (without prefix) whose events are answered by lists."""
    schemas: WriterSchemas | None
    """Those of events in Avro."""
    comments: Comments
    suspect: tuple[int, str] | None = None
    """The parked event (partition and place) that was being applied when a tick last ended early."""


class UserBatch:
    """What one call of the processor does to one shard: its events, and then the lists that they ask for."""

    def __init__(self, side: UserSide, shard: UserShard) -> None:
        self._side, self._rows, self._partition = side, shard.rows, shard.number
        self._settings = side.settings
        self._lists, self._signals, self._dead = map(side.settings.topic, ("recommendations", "item-signals", "dead-letters"))
        self._insights, self._orders = map(side.settings.topic, ("danmaku-insights", "room-orders"))
        self._waiting = Waiting(shard.memory, side.settings)
        self._parked = Parked(shard)
        self.outcome = Outcome()
        """Of the part that was applied last."""
        self._outcomes: dict[str, Outcome] = {}
        """By topic."""
        self.open: dict[str, Request] = {}
        """The lists that are asked for, by user."""

    def apply(self, records: Sequence[Inbound], lag: int) -> Outcome:
        """Apply records of one topic: change rows and ask for lists."""
        begin = time.perf_counter()
        self.outcome = self._outcomes[records[0].topic] = Outcome()
        self._waiting.look(records[0], lag, self._side.clock_ms())
        name = records[0].topic.removeprefix(self._settings.prefix)
        self._take_all(name, records)
        # Lists that are due are ranked together with the others where there are any.
        self.make_due(self._side.clock_ms(), len(records))
        self.outcome.seconds["apply"] = time.perf_counter() - begin - self.outcome.seconds.get("rank", 0.0)
        return self.outcome

    def apply_parked(self) -> None:
        """Apply the events whose schemas have arrived."""
        if self._side.schemas is None:
            return
        for name, record, schema_id in self._parked.take(self._side.schemas, self._settings.prefix):
            place = record.partition, f"{name}-{record.offset}"
            if place == self._side.suspect:
                self._bury(record, BadEvent("failed", "the code that applies the event raised"))
            else:
                self._side.suspect = place
                # Items count what is newer than the last they saw of a source. Events of one schema come in order, but others of their
                # topic have gone ahead: they are a source of their own.
                self._take_all(name, [record], late_source(name, schema_id))
            self._side.suspect = None

    def _take_all(self, name: str, records: Sequence[Inbound], late: str | None = None) -> None:
        events = decode_batch(name, records, self._side.schemas)
        judged = iter(self._side.comments.judge([event for event in events if isinstance(event, Danmaku)]))
        for record, event in zip(records, events, strict=True):
            said = next(judged) if isinstance(event, Danmaku) else None
            if isinstance(event, BadEvent):
                self._bury(record, event)
                continue
            try:
                if isinstance(event, SchemaAwaited):
                    self._parked.put(name, record, event.schema_id)
                    self.outcome.counts["parked"] += 1
                    continue
                assert isinstance(event, UserEvent)
                check_route(record.key, event.user_id, record.partition, self._settings.partitions)
                self._take(record, name, event, late, said)
            except BadEvent as error:
                self._bury(record, error)

    def _take(self, record: Inbound, name: str, event: UserEvent, late: str | None, said: Judged | None) -> None:
        if isinstance(event, Erasure):
            self._erase(record, event)
            return
        row = admit(self._rows, event)
        if isinstance(row, str):
            self.outcome.counts[row] += 1
        # An event that was parked was counted by nobody, though later ones of its topic were.
        elif row.offsets.get(name, -1) >= record.offset and late is None:
            self.outcome.counts["fenced"] += 1
        else:
            self._apply(record, name, event, row, late or name, said)

    def _apply(self, record: Inbound, name: str, event: RowEvent, row: UserRow, source_name: str, said: Judged | None) -> None:
        triggers = name in self._side.rank_at and is_trigger(event)
        if triggers and not self._settings.coalesce and event.user_id in self.open:
            self._flush()
        meant = NOTHING
        source = (source_name, record.partition, record.offset)
        if isinstance(event, Danmaku) and said is not None:
            read = self._side.comments.read(event, said, row)
            meant = self._side.comments.meant(read)
            insight = self._side.comments.insight(event, read, source, self._id_of(record, event))
            self.outcome.records.append(Outbound(self._insights, event.room_id.encode(), encode(insight)))
        elif isinstance(event, Purchase) and event.room_id is not None and event.action == "purchase":
            order = Order(event.item_id, int(event.ts), source)
            self.outcome.records.append(Outbound(self._orders, event.room_id.encode(), _encode_signal(order)))
        # Before the event is applied: a purchase tells items what the user did before it.
        caused = signals(row, event, meant, source)
        apply(row, event, meant)
        self.outcome.records += [Outbound(self._signals, item_id.encode(), _encode_signal(signal)) for item_id, signal in caused]
        row.since = min(row.since, int(event.ts))  # 0, which is unknown, stays
        row.offsets[name] = max(record.offset, row.offsets.get(name, -1))
        if event.event_id is not None:
            row.event_ids = remember(row.event_ids, event.event_id, event.ts)
        self._rows.put(event.user_id.encode(), row)
        self.outcome.counts["applied"] += 1
        self.outcome.event_ms = event.ts
        if triggers:
            self._trigger(record, event, row)

    @staticmethod
    def _id_of(record: Inbound, event: RowEvent) -> str:
        return event.event_id or f"{record.topic}-{record.partition}-{record.offset}"

    def _trigger(self, record: Inbound, event: RowEvent, row: UserRow) -> None:
        event_id = self._id_of(record, event)
        row.waiting.append((record.topic, record.partition, record.offset, event_id, int(event.ts)))
        self.outcome.counts["trigger"] += 1
        # Who is about to get a list gets that of this trigger: a list ends the waiting of all triggers before it.
        if event.user_id not in self.open and self._waiting.must(event.user_id, event.ts, row):
            self._waiting.add(event.user_id, self._side.clock_ms())
            return
        self._request(event.user_id, row, getattr(event, "room_id", None), traceparent(record.headers), record.timestamp)

    def _request(
        self, user_id: str, row: UserRow, room_id: str | None = None, traceparent: bytes | None = None, appended_ms: int | None = None
    ) -> None:
        topic, partition, offset, event_id, ts = row.waiting[-1]
        trigger = Trigger(topic=topic, partition=partition, offset=offset, event_id=event_id, ts=ts)
        self.open[user_id] = Request(user_id, row, trigger, [entry[:3] for entry in row.waiting], room_id, traceparent, appended_ms)

    def make_due(self, now_ms: int, most: int) -> None:
        """Ask for the lists of users whose triggers waited long enough."""
        for user_id in self._waiting.due(now_ms, most):
            self._make_waiting(user_id)

    def _make_waiting(self, user_id: str) -> None:
        if self._waiting.end(user_id):
            row = self._rows.get(user_id.encode())
            if isinstance(row, UserRow) and row.waiting:
                self._request(user_id, row)

    def bury_all(self, letters: Sequence[Outbound]) -> None:
        """Send the dead letters of the catalogue."""
        self.outcome.records += letters
        self.outcome.counts["dead_letter"] += len(letters)

    def _flush(self) -> None:
        """Make the lists that are asked for so far."""
        answer(self._side.maker, [self])

    def take(self, request: Request, made: Recommendation, slate: Slate | None) -> None:
        """Send a finished list, and note in the row that it was made.

        Raises:
            ValueError: the list is not the one that was requested. Whatever went wrong before, no viewer may get another viewer's list.
        """
        if (made.user_id, made.list_id) != (request.user_id, request.list_id) or (slate is not None and slate.list_id != made.list_id):
            raise ValueError("the list that was made is not the one that was asked for")
        request.row.waiting = []
        self._waiting.end(request.user_id)
        key = request.user_id.encode()
        self._rows.put(key, request.row)
        value, slate = _bounded(made, slate)
        headers = cloud_event_headers(made.list_id, LIST_TYPE, request.traceparent, time_ms=made.generated_ts)
        # The user's partition of the sources is that of the lists, too: no need to hash the key again.
        out = self._outcomes.get(request.trigger.topic, self.outcome)
        if slate is not None:
            out.records.append(Outbound(self._settings.topic("slates"), key, encode_slate(slate), (), self._partition))
        out.records.append(Outbound(self._lists, key, value, headers, self._partition))
        out.counts["list"] += 1
        out.counts["coalesced"] += len(made.covers) - 1
        if made.degraded:
            out.counts[f"degraded_{made.degraded}"] += 1

    def _erase(self, record: Inbound, event: Erasure) -> None:
        """Delete the row; what stays is a hash of the id with the time of the erasure and the number of the last list.

        An erasure that arrives late, such as one that is sent again after a year, leaves what has happened since.
        """
        # A sender's clock that is ahead would have the events of the next hours dropped.
        ts = min(int(event.ts), record.timestamp)
        key = event.user_id.encode()
        row, erased = self._rows.get(key), find(self._rows.get, event.user_id)
        if ts <= max(erased.ts if erased else 0, row.not_before if isinstance(row, UserRow) else 0):
            self.outcome.counts["repeated"] += 1
            return
        self._parked.erase(key)
        self._make_waiting(event.user_id)
        self._flush()
        seq = row.seq if isinstance(row, UserRow) else erased.seq if erased else 0
        remember_erasure(self._rows, event.user_id, ErasedUser(ts, seq))
        late = ts < record.timestamp - LATE_ERASURE_MS
        if late and isinstance(row, UserRow) and ts < row.since:
            row.not_before = ts
            self._rows.put(key, row)
        elif row is not None:
            self._rows.delete(key)
        self.outcome.counts["erasure"] += 1

    def _bury(self, record: Inbound, error: BadEvent) -> None:
        self.outcome.records.append(dead_letter(self._dead, record, "decode", error, self._side.clock_ms()))
        self.outcome.counts["dead_letter"] += 1


def _bounded(made: Recommendation, slate: Slate | None) -> tuple[bytes, Slate | None]:
    """The bytes of a list, cut to fit into a record of Kafka's default size; a list that was cut has no slate."""
    value = encode(made)
    while len(value) > LIST_BYTES:
        made.items = made.items[: len(made.items) // 2]
        made.degraded, slate = "too-large", None
        value = encode(made)
    return value, slate


def answer(maker: ListMaker, batches: Sequence[UserBatch]) -> None:
    """Make all lists that are asked for; counts and times of all of them go into the first outcome."""
    asking = [(batch, request) for batch in batches for request in batch.open.values()]
    if not asking:
        return
    begin = time.perf_counter()
    made = maker.make([request for _, request in asking])
    for batch in batches:
        batch.open.clear()
    for (batch, request), made_list, slate in zip(asking, made.lists, made.slates, strict=True):
        batch.take(request, made_list, slate)
    out = asking[0][0].outcome
    out.counts["kept"] += made.kept
    out.counts.update({f"removed_{name}": count for name, count in made.removed.items()})
    out.counts.update({f"source_failed_{name}": count for name, count in made.failed_sources.items()})
    for stage, seconds in (made.seconds | {"rank": time.perf_counter() - begin}).items():
        out.seconds[stage] = out.seconds.get(stage, 0.0) + seconds
