"""Offline and deterministic: the worker's own state and ranking code over a file of events, without a broker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import msgspec

from streamrec.catalogue.catalogue import Catalogue
from streamrec.contract.processor import Memory, Part
from streamrec.contract.records import Headers
from streamrec.events.files import read_events
from streamrec.events.topics import TRIGGERS, is_trigger
from streamrec.events.types import Purchase, Recommendation, Room, Trigger, UserEvent
from streamrec.ranking.arms import Arms
from streamrec.ranking.ranker import Ranker
from streamrec.settings import Settings
from streamrec.state.item import ItemRow
from streamrec.state.packing import UserState
from streamrec.state.user import UserRow
from streamrec.worker.admission import admit
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker, Request
from streamrec.worker.users import UserProcessor

Row = TypeVar("Row")
_decode_list = msgspec.json.Decoder(Recommendation).decode


class Line(NamedTuple):
    """One event of a file: number of its line (from 0), topic without prefix, the event, and the line as it stands there."""

    number: int
    topic: str
    event: UserEvent | Room
    value: bytes


class Record(NamedTuple):
    """A line in the shape of a Kafka record."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    partition: int = 0
    headers: Headers = ()


class MemoryRows(dict[bytes, Row]):
    """A state table in memory."""

    def put(self, key: bytes, row: Row) -> None:
        """Keep the row."""
        self[key] = row

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """The next keys with a prefix, in order."""
        return sorted(key for key in self if key.startswith(prefix) and key > after)[:most]

    def delete(self, key: bytes) -> None:
        """Forget the row."""
        self.pop(key, None)


@dataclass(slots=True)
class Replay:
    """Users, items and catalogue in memory; item statistics are there at once.

    `rank` is "before" (a list for each trigger before the event is applied; purchases of one user with one order_id are one
    trigger, the first of them) or "after" (as the worker does). `rank_at` names the topics that trigger; `rank_from` is an
    event time in ms. `frozen` is the static protocol: from `rank_from` on each user has one list, and no event changes any state.
    """

    settings: Settings
    catalogue: Catalogue
    ranker: Ranker
    rank: Literal["before", "after"] = "before"
    rank_at: Collection[str] = TRIGGERS
    rank_from: int = 0
    arms: Arms = field(default_factory=Arms)
    rankers: Mapping[str, Ranker] = field(default_factory=dict)
    frozen: bool = False
    now: int = 0
    _orders: set[tuple[str, str]] = field(default_factory=set)

    def run(self, lines: Iterable[Line]) -> Iterator[Recommendation]:
        """The lists, in the order of `lines`, which must be in time order."""
        settings = self.settings.model_copy(update={"prefix": "", "partitions": 1, "stats_interval_ms": 0})
        lists, item_signals = settings.topic("recommendations"), settings.topic("item-signals")
        maker = ListMaker(self.catalogue, self.ranker, clock_ms=None, arms=self.arms, rankers=self.rankers)
        silent = UserProcessor(settings, self.catalogue, maker, self._clock, rank_at=())
        answering = UserProcessor(settings, self.catalogue, maker, self._clock, rank_at=self.rank_at)
        items = ItemProcessor(settings, self.catalogue, self._clock, only_at_ticks=True)
        user_rows, item_rows = MemoryRows[UserState](), MemoryRows[ItemRow]()
        user_memory: Memory = {}
        item_memory: Memory = {}
        for line in lines:
            self.now = line.event.ts
            self.catalogue.expire(self.now)
            if isinstance(line.event, Room):
                self.catalogue.put_room(line.event)
                continue
            listed = line.event.ts >= self.rank_from
            if listed and items.waits(item_memory):
                items.tick(item_rows, item_memory, self.now)
            if listed and (self.rank == "before" or self.frozen):
                yield from self._before(line, line.event, user_rows, maker)
            if listed and self.frozen:
                continue
            users = answering if listed and self.rank == "after" else silent
            record = Record(line.topic, line.number, line.event.user_id.encode(), line.value, line.event.ts)
            signals = []
            for out in users.process([Part(user_rows, user_memory, [record])])[0].records:
                if out.topic == lists and out.value is not None:
                    yield _decode_list(out.value)
                elif out.topic == item_signals:
                    signals.append(Record(out.topic, line.number, out.key, out.value, line.event.ts))
            items.process([Part(item_rows, item_memory, signals)])

    def _clock(self) -> int:
        return self.now

    def _before(self, line: Line, event: UserEvent, rows: MemoryRows[UserState], maker: ListMaker) -> Iterator[Recommendation]:
        if line.topic not in self.rank_at or not is_trigger(event):
            return
        order_id = "" if self.frozen else event.order_id if isinstance(event, Purchase) else None
        if order_id is not None:
            order = (event.user_id, order_id)
            if order in self._orders:
                return
            self._orders.add(order)
        row = admit(rows, event)
        if isinstance(row, UserRow):
            event_id = event.event_id or f"{line.topic}-0-{line.number}"
            # What is frozen would look the older the later it is asked: a list of the static protocol is made at the split.
            ts = self.rank_from if self.frozen else event.ts
            trigger = Trigger(topic=line.topic, partition=0, offset=line.number, event_id=event_id, ts=ts)
            request = Request(event.user_id, row, trigger, [(line.topic, 0, line.number)], getattr(event, "room_id", None))
            rows.put(event.user_id.encode(), row)
            yield from maker.make([request]).lists


def read_timeline(path: Path, topic: str | None = None) -> list[Line]:
    """What a file of events (all of `topic`, or each of the topic it names) holds for a replay, in time order; ties keep the file's order.

    Raises:
        InputError: a line is not a valid event; names the file and the line.
    """
    lines = []
    for number, named, event, value in read_events(path, topic):
        if isinstance(event, UserEvent | Room):
            lines.append(Line(number, named, event, value))
    return sorted(lines, key=lambda line: line.event.ts)
