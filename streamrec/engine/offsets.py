"""The group's offsets: advisory, for those who watch its lag; the marks are what counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from faust.types.tuples import TP

from streamrec.engine.partition import Partition

if TYPE_CHECKING:
    from streamrec.engine.fetching import BatchThread

log = structlog.get_logger(__name__)

PATIENCE_S = 5.0
"""A commit that takes longer is given up: the next one, a second later, says more."""


class GroupOffsets:
    """Commits how far partitions have been saved, for those that have moved since."""

    def __init__(self) -> None:
        self._committed: dict[TP, int] = {}

    async def commit(self, partitions: Iterable[Partition], thread: BatchThread) -> None:
        """Commit to the group. A failure is no fault: nothing is read back from there but the question whether anything was ever read."""
        marks = [(partition.number, partition.saved) for partition in partitions if partition.saved]
        saved = {TP(topic, number): position for number, mark in marks for topic, position in mark.next.items()}
        new = {tp: position for tp, position in saved.items() if self._committed.get(tp) != position}
        if new:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await thread.ask(thread.commit_positions(new))
                self._committed |= new
            except Exception as exc:
                log.debug("group offsets were not committed", reason=repr(exc))
