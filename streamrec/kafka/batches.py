"""Outgoing record batches: what goes to one partition, filled as cheaply as aiokafka allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, MutableSequence, Sequence

from aiokafka.producer.message_accumulator import BatchBuilder

from streamrec.contract.records import Outbound
from streamrec.events.partitioner import partition_of
from streamrec.kafka.pinned import AIOKAFKA, Pinned

PINNED = (Pinned(AIOKAFKA, (BatchBuilder,), "8050802ca7514186"),)

Destination = tuple[str, int]
"""Topic and partition."""
Fields = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
"""Key, value and headers of a record."""


def by_destination(records: Sequence[Outbound], partitions: Callable[[str], int]) -> dict[Destination, list[Fields]]:
    """Group records by the partition that they name, or else by the one of their key; their order stays.

    `partitions` gives the number of a topic's partitions.
    """
    destinations: defaultdict[Destination, list[Fields]] = defaultdict(list)
    for record in records:
        partition = record.partition
        if partition is None:
            partition = partition_of(record.key or b"", partitions(record.topic))
        destinations[record.topic, partition].append((record.key, record.value, list(record.headers)))
    return destinations


def fill(batches: MutableSequence[BatchBuilder], records: Iterable[Fields], create: Callable[[], BatchBuilder]) -> None:
    """Add records to the last batch, and to new ones where it is full. A record larger than a batch gets a batch of its own."""
    batch = batches[-1] if batches else create()
    if not batches:
        batches.append(batch)
    # BatchBuilder.append takes twice as long as what it calls. `_relative_offset` is its count of records, which it keeps itself.
    append, at = batch._builder.append, batch.record_count()
    for key, value, headers in records:
        if append(at, None, key, value, headers) is None:
            batch._relative_offset = at
            batch.close()
            batch = create()
            batches.append(batch)
            append, at = batch._builder.append, 0
            append(at, None, key, value, headers)
        at += 1
    batch._relative_offset = at
