"""What is sent to open live pages: figures every second, a bounded sample of lists and dead letters, and the room that a page watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
import structlog

from streamrec.contract.pieces import Inspector, Names
from streamrec.contract.records import Inbound, Outbound
from streamrec.events.speech import Insight, RoomMoment
from streamrec.observe.audience import Audience, Batch, Watcher
from streamrec.observe.figures import Figures
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.core import Core
from streamrec.web.rooms import comment_message, needs, room_message
from streamrec.web.showing import People, Shown, letter

log = structlog.get_logger(__name__)

TICK_S = 0.5
"""Nobody reads faster, and each tick takes the core for the titles of what is shown."""
FIGURES_EVERY = 2
"""Figures once a second: they are rates over `figures.WINDOW_S`, and collecting them walks through all metrics."""
LISTS_PER_TICK = 10
LETTERS_PER_TICK = 10
"""More would scroll away unread; the page shows a sample, and `streamrec watch` everything."""
COMMENTS_PER_TICK = 15
"""The newest of the watched room that this worker has read."""
LOOKED_THROUGH = 200
"""Lists that are decoded in a tick to find those of a room, at some 16 µs for one of five places: the room of nobody must not cost the
lists of the others."""
MOST_WATCHERS = 16
"""What is sent grows with them, on the loop that feeds the engine: a page that many open belongs behind a server of its own."""

_decode_insight = msgspec.json.Decoder(Insight).decode
Candidates = list[tuple[Outbound, Sequence[Inbound]]]


class Feed:
    """Feeds all open pages; runs only while there are any."""

    def __init__(
        self,
        settings: Settings,
        inspector: Inspector,
        core: Core,
        audience: Audience,
        metrics: Metrics,
        extra: Callable[[], dict[str, Any]],
    ) -> None:
        """`extra` is what the page shows beside the metrics: readiness, lag, queue."""
        self.people = People(settings.web_show_people)
        self._prefix, self._lists, self._dead = settings.prefix, settings.topic("recommendations"), settings.topic("dead-letters")
        self._insights = settings.topic("danmaku-insights")
        self._inspector, self._core, self._audience, self._metrics, self._extra = inspector, core, audience, metrics, extra
        self._pump: asyncio.Task[None] | None = None
        self._closed = False

    def full(self) -> bool:
        """Whether no more pages can be served."""
        return self._closed or len(self._audience.watchers) >= MOST_WATCHERS

    def join(self, watcher: Watcher) -> None:
        """A page was opened."""
        self._audience.watchers.add(watcher)
        if self._pump is None or self._pump.done():
            self._audience.take()
            self._pump = asyncio.create_task(self._run())

    def leave(self, watcher: Watcher) -> None:
        """A page was closed."""
        self._audience.watchers.discard(watcher)

    async def close(self) -> None:
        """End all streams."""
        self._closed = True
        for watcher in self._audience.watchers:
            watcher.end()

    async def _run(self) -> None:
        figures, ticks = Figures(self._metrics), 0
        try:
            while self._audience.watchers:
                if ticks % FIGURES_EVERY == 0:
                    now = {**figures.now(), **self._extra()}
                    for watcher in self._audience.watchers:
                        watcher.tell("figures", now)
                batches = self._audience.take()
                await self._tell(batches)
                await self._tell_rooms(batches)
                ticks += 1
                await asyncio.sleep(TICK_S)
        except Exception:  # of the page alone: the worker goes on
            log.exception("the live page cannot be served; it goes on when it is opened again")
            for watcher in self._audience.watchers:
                watcher.end()
        self._audience.take()

    async def _tell(self, batches: Sequence[Batch]) -> None:
        letters = [record for batch in batches for record in batch.made if record.topic == self._dead][-LETTERS_PER_TICK:]
        if letters:
            shown_letters = [letter(record, self._prefix, self.people) for record in letters]
            for watcher in self._audience.watchers:
                watcher.tell("letters", shown_letters)
        lists = [(record, batch.read) for batch in batches for record in batch.made if record.topic == self._lists]
        wanted = {watcher: self._wanted(watcher, lists) for watcher in self._audience.watchers} if lists else {}
        needs = [shown.needs() for chosen in wanted.values() for shown in chosen]
        if not needs:
            return
        # One visit to the core for all watchers: it waits for the batch that is being ranked.
        items = set[str]().union(*(items for items, _ in needs))
        rooms = set[str]().union(*(rooms for _, rooms in needs))
        names = await self._core.run(self._inspector.names, items, rooms)
        for watcher, chosen in wanted.items():
            if chosen:
                watcher.tell("lists", [shown.message(self._prefix, self.people, names) for shown in chosen])

    async def _tell_rooms(self, batches: Sequence[Batch]) -> None:
        """Tell those who watch a room what it is about, and its newest comments."""
        comments: dict[str, list[Insight]] = {watcher.room: [] for watcher in self._audience.watchers if watcher.room}
        if not comments:
            return
        for room_id, found in comments.items():
            key = room_id.encode()
            own = (record for batch in reversed(batches) for record in reversed(batch.made) if record.topic == self._insights)
            newest = islice((record for record in own if record.key == key), COMMENTS_PER_TICK)
            found += [_decode_insight(record.value or b"") for record in newest][::-1]
        moments, names = await self._core.run(self._look, comments)
        now = now_ms()
        for watcher in self._audience.watchers:
            # A page that was opened meanwhile is told next time.
            if watcher.room in comments:
                watcher.tell("room", room_message(watcher.room, moments[watcher.room], self.people, names, now))
                if comments[watcher.room]:
                    watcher.tell("comments", [comment_message(one, self.people, names) for one in comments[watcher.room]])

    def _look(self, comments: Mapping[str, Sequence[Insight]]) -> tuple[dict[str, RoomMoment | None], Names]:
        """The moments of rooms, and all titles that they and their comments need; on the core thread."""
        moments = {room_id: self._inspector.moment(room_id) for room_id in comments}
        items = set[str]().union(*(needs(moments[room_id], found) for room_id, found in comments.items()))
        return moments, self._inspector.names(items, list(comments))

    def _wanted(self, watcher: Watcher, lists: Candidates) -> list[Shown]:
        if watcher.user:
            own = ((record, read) for record, read in reversed(lists) if self.people.meant(record.key or b"", watcher.user))
            return _shown(islice(own, LISTS_PER_TICK))
        if watcher.room:
            # The room is named in the list only, and decoding a list takes ten times as long as looking for the room's bytes.
            quoted = msgspec.json.encode(watcher.room)
            maybe = ((record, read) for record, read in reversed(lists) if quoted in (record.value or b""))
            return [shown for shown in _shown(islice(maybe, LOOKED_THROUGH)) if shown.ranked.room_id == watcher.room][-LISTS_PER_TICK:]
        step = max(1, len(lists) // LISTS_PER_TICK)
        return _shown(islice(lists[::-step], LISTS_PER_TICK))


def _shown(newest_first: Iterable[tuple[Outbound, Sequence[Inbound]]]) -> list[Shown]:
    return [Shown.of(record, read) for record, read in newest_first][::-1]
