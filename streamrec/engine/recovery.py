"""Recovery: bring the disks of partitions up to the end of their changelogs, and find where their sources go on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from streamrec.contract.records import Unreadable
from streamrec.engine.checkpoint import TopicIds
from streamrec.engine.partition import Partition
from streamrec.engine.store.mark import MARK, Mark, Stamp, decode_mark
from streamrec.errors import Stalled, StateMismatch
from streamrec.kafka import insides
from streamrec.kafka.consumers import whole_reader
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from streamrec.system.core import off_loop, together

FETCH_BYTES, FETCH_RECORDS = 8 << 20, 20_000
"""Of one partition and of one poll. Changelogs are read whole, and Kafka's default of 1 MiB would make eight times as many round trips."""
HELD_ROWS = 50_000
"""Rows are written once so many wait. Those that changed often come often: the more are held, the more of them are written only once."""
PATIENCE_S = 30.0
"""For so long nothing may come before recovery gives up: as long as one request may take (`clients.REQUEST_TIMEOUT_MS`)."""

Offsets = Mapping[TopicPartition, int]


async def recover(settings: Settings, partitions: Sequence[Partition], ids: TopicIds, tombstones_kept_ms: Mapping[str, int]) -> None:
    """Bring every partition to the end of its changelog, and set its memory and the next positions of its sources.

    The changelogs must be open (fenced) already, or an older owner could still write behind the end that is read here. A disk older
    than `tombstones_kept_ms` (by changelog) is built anew: the tombstones of rows that it still has may be gone.

    Raises:
        StateMismatch: disk, changelog and sources do not belong together.
        Stalled: the changelog cannot be read on.
    """
    logs = {TopicPartition(partition.family.changelog, partition.number): partition for partition in partitions}
    sources = [TopicPartition(topic, partition.number) for partition in partitions for topic in partition.family.sources]
    async with _reader(settings) as reader:
        reader.assign(list(logs))
        await insides.know_topics(reader, {tp.topic for tp in [*logs, *sources]})
        first = await reader.beginning_offsets([*logs, *sources])
        end = await reader.end_offsets([*logs, *sources])
        marks: dict[Partition, bytes | None] = {}
        unreadable: dict[Partition, ConsumerRecord[bytes, bytes]] = {}
        anew: set[Partition] = set()
        begins = [off_loop(_begin, partition, ids, first[log], end[log], tombstones_kept_ms[log.topic]) for log, partition in logs.items()]
        for (log, partition), position in zip(logs.items(), await together(*begins), strict=True):
            if partition.disk.stamp is None:
                anew.add(partition)
            marks[partition] = partition.disk.stamp.mark if partition.disk.stamp else None
            reader.seek(log, position)
        await _read_on(reader, logs, end, marks, unreadable)
    saved_ms = now_ms()
    for log, partition in logs.items():
        raw = marks[partition]
        mark = decode_mark(raw) if raw is not None else None
        partition.begins = mark.begins if mark else 0
        if partition in anew:
            _require_whole(partition, first[log])
        _require_readable(unreadable.get(partition), partition)
        memory = partition.family.processor.memory.load(mark.memory if mark else {})
        await off_loop(partition.disk.write, (), Stamp(ids[log.topic], end[log], saved_ms, raw))
        partition.saved = mark
        partition.memory = memory
        partition.guard.next = _next_positions(partition, mark, ids, first, end)


def _begin(partition: Partition, ids: TopicIds, first: int, end: int, tombstones_kept_ms: int) -> int:
    """The position from which to read the changelog; a disk that is of no use is wiped."""
    stamp = partition.disk.stamp
    if stamp is not None:
        if ids[partition.family.changelog] != stamp.changelog or stamp.position > end:
            raise StateMismatch(
                f"the disk of {partition.label} in {partition.disk.where} is at {stamp.position} of a changelog that is not "
                f"{partition.family.changelog} as it is now (end {end}): give back the old topic, or stop all workers and run "
                "`streamrec state repair`"
            )
        age_ms = now_ms() - stamp.saved_ms
        if age_ms <= tombstones_kept_ms and stamp.position >= first:
            return stamp.position
    if stamp is not None and stamp.mark is not None:
        # As long as the disk may be all that is left of the rows, it is not wiped.
        partition.begins = decode_mark(stamp.mark).begins
        _require_whole(partition, first)
    partition.disk.wipe()
    return first


def _require_whole(partition: Partition, first: int) -> None:
    """Raise StateMismatch where the changelog has lost rows at its beginning, and the disk cannot make up for them."""
    if first > partition.begins:
        raise StateMismatch(
            f"the changelog {partition.family.changelog} of {partition.label} begins at {first}: records before that were deleted, and the "
            "disk does not have what was in them; give back the topic or the disk, or stop all workers and run `streamrec state repair`"
        )


async def _read_on(
    reader: AIOKafkaConsumer,
    logs: Mapping[TopicPartition, Partition],
    end: Offsets,
    marks: dict[Partition, bytes | None],
    unreadable: dict[Partition, ConsumerRecord[bytes, bytes]],
) -> None:
    """Read to the ends and write the rows to the disks. Fills in the last mark and the last unreadable record of each partition."""
    left = {log for log in logs if await reader.position(log) < end[log]}
    moved = time.monotonic()
    rows: dict[TopicPartition, dict[bytes, bytes | None]] = {log: {} for log in logs}
    while left:
        got = await reader.getmany(timeout_ms=200, max_records=FETCH_RECORDS)
        for log, fetched in got.items():
            # What lies behind `end` is a later owner's, who took over while we stood still; its mark may be ahead of the sources' ends.
            records = fetched if fetched[-1].offset < end[log] else [record for record in fetched if record.offset < end[log]]
            unreadable.update((logs[log], record) for record in records if isinstance(record.value, Unreadable))
            marks[logs[log]] = _last_mark(records) or marks[logs[log]]
            # Somebody else may have written a null key; no row has one.
            rows[log].update((record.key, record.value) for record in records if record.key not in (MARK, None))
        left = {log for log in left if await reader.position(log) < end[log]}
        if not left or sum(map(len, rows.values())) > HELD_ROWS:
            for log, changed in rows.items():
                await off_loop(logs[log].disk.write, changed.items())
                changed.clear()
        if got:
            moved = time.monotonic()
        elif left and time.monotonic() - moved > PATIENCE_S:
            raise Stalled(f"changelogs cannot be read on for {PATIENCE_S:g} s: {sorted(logs[log].label for log in left)}; is Kafka well?")


def _require_readable(last: ConsumerRecord[bytes, bytes] | None, partition: Partition) -> None:
    """Raise StateMismatch unless all rows were written once more behind the last record that cannot be read."""
    if last is not None and last.value is not None and last.offset >= partition.begins:
        raise StateMismatch(
            f"{last.topic}/{last.partition} has records that cannot be read ({last.value.decode()}): give back the topic from a "
            "replica or a mirror, or stop all workers and run `streamrec state repair`"
        )


def _last_mark(records: Iterable[ConsumerRecord[bytes, bytes]]) -> bytes | None:
    marks = [record.value for record in records if record.key == MARK]
    return marks[-1] if marks else None


def _next_positions(partition: Partition, mark: Mark | None, ids: TopicIds, first: Offsets, end: Offsets) -> dict[str, int]:
    """Where every source goes on: at the position in the mark, or at the beginning of a source that is new."""
    nexts: dict[str, int] = {}
    for topic in partition.family.sources:
        source = TopicPartition(topic, partition.number)
        position = mark.next.get(topic) if mark else None
        if mark is None or position is None:
            nexts[topic] = first[source]
            continue
        where = f"{topic} partition {partition.number}"
        if mark.topics.get(topic) != ids[topic] or position > end[source]:
            raise StateMismatch(
                f"{where} is not the topic that {partition.label} has read up to {position} (it was deleted and made again, or lost "
                "records): give back the old topic, or stop all workers and run `streamrec state repair`"
            )
        if position < first[source]:
            raise StateMismatch(
                f"{where} begins at {first[source]}, but {partition.label} has read up to {position}: retention removed events that "
                "were never read; raise retention.ms, stop all workers and run `streamrec state repair`"
            )
        nexts[topic] = position
    return nexts


@asynccontextmanager
async def _reader(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    reader = whole_reader(settings, max_partition_fetch_bytes=FETCH_BYTES)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()
