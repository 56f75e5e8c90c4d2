"""What is sent to open live pages: figures every second, and a bounded sample of lists and dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
import structlog

from streamrec.contract.pieces import Inspector
from streamrec.contract.records import Inbound, Outbound
from streamrec.observe.audience import Audience, Batch, Watcher
from streamrec.observe.figures import Figures
from streamrec.observe.metrics import Metrics
from streamrec.settings import Settings
from streamrec.system.core import Core
from streamrec.web.showing import People, Shown, letter

log = structlog.get_logger(__name__)

TICK_S = 0.5
FIGURES_EVERY = 2
LISTS_PER_TICK = 10
LETTERS_PER_TICK = 10
LOOKED_THROUGH = 200
"""Lists that are decoded in a tick to find those of a room."""
MOST_WATCHERS = 16

Candidates = list[tuple[Outbound, Sequence[Inbound]]]


class Feed:
    """Runs only while pages are open."""

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
                    said = {**figures.now(), **self._extra()}
                    for watcher in self._audience.watchers:
                        watcher.tell("figures", said)
                await self._tell(self._audience.take())
                ticks += 1
                await asyncio.sleep(TICK_S)
        except Exception:
            log.exception("the live page cannot be served; it goes on when it is opened again")
            for watcher in self._audience.watchers:
                watcher.end()
        self._audience.take()

    async def _tell(self, batches: Sequence[Batch]) -> None:
        letters = [record for batch in batches for record in batch.made if record.topic == self._dead][-LETTERS_PER_TICK:]
        if letters:
            said = [letter(record, self._prefix, self.people) for record in letters]
            for watcher in self._audience.watchers:
                watcher.tell("letters", said)
        lists = [(record, batch.read) for batch in batches for record in batch.made if record.topic == self._lists]
        wanted = {watcher: self._wanted(watcher, lists) for watcher in self._audience.watchers} if lists else {}
        shown = [one for chosen in wanted.values() for one in chosen]
        if not shown:
            return
        items = set[str]().union(*(one.needs()[0] for one in shown))
        rooms = set[str]().union(*(one.needs()[1] for one in shown))
        names = await self._core.run(self._inspector.names, items, rooms)
        for watcher, chosen in wanted.items():
            if chosen:
                watcher.tell("lists", [one.message(self._prefix, self.people, names) for one in chosen])

    def _wanted(self, watcher: Watcher, lists: Candidates) -> list[Shown]:
        if watcher.user:
            return _shown(islice((one for one in reversed(lists) if self.people.meant(one[0].key or b"", watcher.user)), LISTS_PER_TICK))
        if watcher.room:
            quoted = msgspec.json.encode(watcher.room)
            maybe = islice((one for one in reversed(lists) if quoted in (one[0].value or b"")), LOOKED_THROUGH)
            return [one for one in _shown(maybe) if one.ranked.room_id == watcher.room][-LISTS_PER_TICK:]
        step = max(1, len(lists) // LISTS_PER_TICK)
        return _shown(islice(lists[::-step], LISTS_PER_TICK))


def _shown(newest_first: Iterable[tuple[Outbound, Sequence[Inbound]]]) -> list[Shown]:
    return [Shown.of(*one) for one in newest_first][::-1]
