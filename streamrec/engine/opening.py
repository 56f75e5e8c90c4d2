"""Opening and closing partitions: disk, fenced changelog, recovery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from streamrec.engine.checkpoint import TopicIds
from streamrec.engine.partition import Family, Partition
from streamrec.engine.recovery import recover
from streamrec.engine.store.changelog import Changelog
from streamrec.engine.store.stores import open_store
from streamrec.engine.store.table import Budget
from streamrec.errors import StateMismatch
from streamrec.settings import Settings
from streamrec.system.core import Core, off_loop, together

if TYPE_CHECKING:
    from streamrec.engine.fetching import BatchThread

OPEN_AT_ONCE = 8
"""Each opening asks the transaction coordinator to fence older owners, and RocksDB for a dozen files: all at once, a worker that takes
over hundreds of partitions would be a storm on both."""


class Opener:
    """Opens partitions so that they are fenced and up to date; they are not fetched yet."""

    def __init__(self, settings: Settings, core: Core, ids: TopicIds, tombstones_kept_ms: Mapping[str, int]) -> None:
        self._settings = settings
        self._core = core
        self._ids, self._tombstones_kept_ms = ids, tombstones_kept_ms
        self._budget = Budget(settings.row_cache_mb * 1_000_000)

    async def open(self, wanted: Iterable[tuple[Family, int]], made: Callable[[Partition], None], thread: BatchThread) -> list[Partition]:
        """Open partitions of these families and numbers. `made` is called with each before it is complete, so that it can be closed
        when the opening is cancelled.

        Raises:
            StateMismatch: disk, changelog and sources do not belong together.
        """
        limit = asyncio.Semaphore(OPEN_AT_ONCE)

        async def begin(family: Family, number: int) -> Partition:
            async with limit:
                folder = self._settings.data_dir / family.name / str(number)
                disk = await off_loop(open_store, folder, family.personal, undo=lambda store: store.close())
                changelog = Changelog(self._settings, family.name, family.changelog, number)
                partition = Partition(family, number, changelog, disk, self._budget)
                made(partition)
                await changelog.open()
                return partition

        # Fenced first, then read: an older owner could still write behind the end that recovery has seen.
        new = await together(*(begin(family, number) for family, number in wanted))
        await recover(self._settings, new, self._ids, self._tombstones_kept_ms)
        await self._require_first_start([partition for partition in new if partition.saved is None], thread)
        return new

    async def close(self, partition: Partition) -> None:
        """Let go of everything that the partition holds."""
        await partition.changelog.close()
        await self._core.run(partition.table.close)
        await off_loop(partition.disk.close)

    async def _require_first_start(self, empty: Sequence[Partition], thread: BatchThread) -> None:
        tps = [TopicPartition(topic, partition.number) for partition in empty for topic in partition.family.sources]
        committed = await thread.ask(thread.committed_offsets(tps))
        read = sorted(f"{tp.topic}/{tp.partition}" for tp, offset in committed.items() if offset)
        if read:
            raise StateMismatch(
                f"the group {self._settings.app_id} has read {read[0]} before, but its changelog is empty: give back the old changelog "
                "topics, run `streamrec state repair`, or choose another STREAMREC_APP_ID to begin anew"
            )
