"""Checkpoints: records confirmed, then rows and mark in one transaction, then the disk."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping

from streamrec.engine.partition import Partition, Tools
from streamrec.engine.store.mark import Mark, Stamp, encode
from streamrec.engine.store.table import Packed
from streamrec.errors import Stalled
from streamrec.system.clock import now_ms
from streamrec.system.core import off_loop

GOLDEN = 0.618
"""The golden ratio: its multiples, modulo 1, lie far apart however many of them there are."""

PURGE_S = 10.0
"""Least time between two purges: erasures come in groups, and one rewriting of the files serves them all. Rewriting 65 MB took 0.3 s."""

TopicIds = Mapping[str, str | None]
"""Kafka's ids of topics by full name; they tell a recreated topic from the old one (None: the broker knows no ids)."""


async def keep(partition: Partition, tools: Tools, ids: TopicIds, interval_s: float, stall_s: float) -> None:
    """Save the partition `interval_s` after it moved, or at once when it is full, for as long as it is open; purge its disk."""
    # Partitions that open together would all be saved at the same moments, and the lists between would wait for all of them.
    wait_s = interval_s * (partition.number * GOLDEN % 1)
    purge_at = 0.0
    while True:
        purge_s = max(0.0, purge_at - time.monotonic()) if partition.disk.holds_deleted else None
        if purge_s == 0.0:
            await off_loop(partition.disk.purge)
            purge_at = time.monotonic() + PURGE_S
            continue
        try:
            await asyncio.wait_for(partition.moved.wait(), purge_s)
        except TimeoutError:
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(partition.full.wait(), wait_s)
        await checkpoint(partition, tools, ids, stall_s)
        wait_s = interval_s


async def checkpoint(partition: Partition, tools: Tools, ids: TopicIds, stall_s: float) -> None:
    """Save what the partition holds, while further batches are applied.

    Raises:
        Stalled: it took longer than `stall_s`.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(stall_s):
            async with partition.saving:
                await _save(partition, tools, ids)
    except TimeoutError as exc:
        raise Stalled(
            f"a checkpoint of {partition.label} took longer than {stall_s:g} s: is Kafka slow or away, or the model stuck? "
            "Nothing is lost; start the worker again"
        ) from exc
    tools.metrics.checkpoint_seconds.labels(partition.family.name).observe(time.monotonic() - began)


async def _save(partition: Partition, tools: Tools, ids: TopicIds) -> None:
    async with partition.lock:
        if partition.torn or not partition.moved.is_set():
            return
        rows, mark, raw = await tools.core.run_short(_snapshot, partition, ids)
        sent, partition.sent = partition.sent, []
        held, partition.held = partition.held, []
        partition.unsaved = 0
        partition.moved.clear()
        partition.full.clear()
    # Lists first: a crash from here on repeats them under the same ids, and never skips one.
    await asyncio.gather(*sent)
    # Then the look at the topics: what was sent must be in those that it finds unchanged, not in one made in their place.
    await tools.confirm()
    # The changelog before the disk: a disk that is behind reads on, one that is ahead would hold rows that never were.
    position = await partition.changelog.commit(rows.items(), raw, held)
    stamp = Stamp(ids[partition.family.changelog], position, now_ms(), raw)
    partition.disk.write(rows.items(), stamp)  # RocksDB keeps the interpreter to itself while it writes: a thread would not help
    await tools.core.run_short(partition.table.saved)
    partition.saved = mark


def _snapshot(partition: Partition, ids: TopicIds) -> tuple[Packed, Mark, bytes]:
    topics = {topic: ids[topic] for topic in partition.family.sources}
    mark = Mark(dict(partition.guard.next), topics, partition.memory.saved(), begins=partition.begins)
    return partition.table.snapshot(), mark, encode(mark)
