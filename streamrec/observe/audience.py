"""Who watches the live page. While somebody does, the last batches are kept; otherwise nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from streamrec.contract.processor import Outcome
from streamrec.contract.records import Inbound, Outbound

MOST_RECORDS = 20_000
"""Kept between two looks, half a second apart, in which a worker makes some 1,200 lists at most (benchmarks/results/ranking.json). What
comes beyond this, such as the signals of a replay, is not shown."""
QUEUED = 8
"""Messages that a slow watcher may be behind, some seconds of them; then the oldest are dropped, since nobody wants to see old ones."""


class Batch(NamedTuple):
    """What a batch made, and the records that it was made of."""

    made: Sequence[Outbound]
    read: Sequence[Inbound]


class Watcher:
    """One open page: what it wants to see, and the messages on their way to it."""

    def __init__(self, user: str = "", room: str = "") -> None:
        self.user, self.room = user, room
        self._queue: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue(QUEUED + 1)

    def tell(self, kind: str, content: Any) -> None:
        """Queue a message; if the page does not keep up, the oldest one is dropped."""
        self._put((kind, content))

    def end(self) -> None:
        """Close the page's stream."""
        self._put(None)

    async def next(self) -> tuple[str, Any] | None:
        """The next message, or None at the end."""
        return await self._queue.get()

    def _put(self, message: tuple[str, Any] | None) -> None:
        while self._queue.qsize() >= QUEUED:
            self._queue.get_nowait()
        self._queue.put_nowait(message)


class Audience:
    """All watchers, and the batches kept for them. Used on the event loop only."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self._batches: list[Batch] = []
        self._held = 0

    def see(self, outcome: Outcome, records: Sequence[Inbound]) -> None:
        """Keep a batch that was applied; costs nothing if nobody watches."""
        if not self.watchers or self._held >= MOST_RECORDS:
            return
        self._batches.append(Batch(outcome.records, records))
        self._held += len(outcome.records)

    def take(self) -> list[Batch]:
        """The batches since the last call."""
        batches, self._batches, self._held = self._batches, [], 0
        return batches
