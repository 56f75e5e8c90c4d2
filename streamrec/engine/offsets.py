"""The group's offsets: advisory, for those who watch its lag; the marks are what counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from faust.types.tuples import TP

from streamrec.engine.partition import Partition

if TYPE_CHECKING:
    from streamrec.engine.transport import BatchThread

log = structlog.get_logger(__name__)

PATIENCE_S = 5.0


class GroupOffsets:
    """Commits how far partitions have been saved, where that has changed."""

    def __init__(self) -> None:
        self._committed: dict[TP, int] = {}

    async def commit(self, partitions: Iterable[Partition], thread: BatchThread) -> None:
        """Tell the group; that this fails is no fault, and the next time comes soon."""
        saved = {TP(topic, one.number): at for one in partitions if one.saved for topic, at in one.saved.next.items()}
        new = {tp: at for tp, at in saved.items() if self._committed.get(tp) != at}
        if new:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await thread.ask(thread.commit_positions(new))
                self._committed |= new
            except Exception as exc:
                log.debug("group offsets were not committed", reason=repr(exc))
