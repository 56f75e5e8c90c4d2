"""Offline and deterministic: the worker's own state and ranking code over a file of events, without a broker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.files import read_events
from streamrec.events.speech import Transcript
from streamrec.events.topics import TRIGGERS, is_trigger
from streamrec.events.types import Purchase, Recommendation, Room, Trigger, UserEvent
from streamrec.library.in_memory import InMemoryWorker
from streamrec.ranking.arms import Arms
from streamrec.ranking.ranker import Ranker
from streamrec.settings import Settings
from streamrec.state.user import UserRow
from streamrec.worker.admission import admit
from streamrec.worker.list_maker import ListMaker, Request


class Line(NamedTuple):
    """One event of a file: number of its line (from 0), topic without prefix, the event, and the line as it stands there."""

    number: int
    topic: str
    event: UserEvent | Room | Transcript
    value: bytes


@dataclass(slots=True)
class Replay:
    """Replays events over users, items and catalogue in memory; statistics of items are known at once.

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
        """Yield the lists in the order of `lines`, which must be in time order."""
        visible = self.settings.visible_places
        maker = ListMaker(self.catalogue, self.ranker, clock_ms=None, arms=self.arms, rankers=self.rankers, visible=visible)
        worker = InMemoryWorker(self.settings, self.catalogue, maker, self._clock, self.rank_at)
        for line in lines:
            self.now = line.event.ts
            self.catalogue.expire(self.now)
            if isinstance(line.event, Room):
                self.catalogue.put_room(line.event)
                continue
            if isinstance(line.event, Transcript):
                yield from worker.apply(line.topic, line.number, line.event, line.value)
                continue
            listed = line.event.ts >= self.rank_from
            if listed:
                worker.settle(self.now)
            if listed and (self.rank == "before" or self.frozen):
                yield from self._before(line, line.event, worker)
            if not (listed and self.frozen):
                yield from worker.apply(line.topic, line.number, line.event, line.value, answer=listed and self.rank == "after")

    def _clock(self) -> int:
        return self.now

    def _before(self, line: Line, event: UserEvent, worker: InMemoryWorker) -> Iterator[Recommendation]:
        if line.topic not in self.rank_at or not is_trigger(event):
            return
        order_id = "" if self.frozen else event.order_id if isinstance(event, Purchase) else None
        if order_id is not None:
            order = (event.user_id, order_id)
            if order in self._orders:
                return
            self._orders.add(order)
        row = admit(worker.users, event)
        if isinstance(row, UserRow):
            event_id = event.event_id or f"{line.topic}-0-{line.number}"
            # What is frozen would look the older the later it is asked: a list of the static protocol is made at the split.
            ts = self.rank_from if self.frozen else event.ts
            trigger = Trigger(topic=line.topic, partition=0, offset=line.number, event_id=event_id, ts=ts)
            room_id = getattr(event, "room_id", None)
            yield worker.answer(Request(event.user_id, row, trigger, [(line.topic, 0, line.number)], room_id))


def read_timeline(path: Path, topic: str | None = None) -> list[Line]:
    """The events of a file in time order, ties in the file's order; all are of `topic`, or each of the topic that it names.

    Raises:
        InputError: a line is not a valid event; names the file and the line.
    """
    lines = []
    for number, named, event, value in read_events(path, topic):
        if isinstance(event, UserEvent | Room | Transcript):
            lines.append(Line(number, named, event, value))
    return sorted(lines, key=lambda line: line.event.ts)
