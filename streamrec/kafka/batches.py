"""Outgoing record batches: what goes to one partition, filled as cheaply as aiokafka allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, MutableSequence, Sequence

from aiokafka.producer.message_accumulator import BatchBuilder

from streamrec.contract.records import Outbound
from streamrec.events.partitioner import partition_of
from streamrec.kafka.pinned import AIOKAFKA, Pinned
from streamrec.system.clock import now_ms

PINNED = (Pinned(AIOKAFKA, (BatchBuilder,), "8050802ca7514186"),)

Destination = tuple[str, int]
"""Topic and partition."""
Fields = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
"""Key, value and headers of a record."""

NO_HEADERS: list[tuple[str, bytes | None]] = []
"""Of all records without headers: aiokafka wants a list, which it only reads."""


def by_destination(records: Sequence[Outbound], partitions: Callable[[str], int]) -> dict[Destination, list[Fields]]:
    """Group records by the partition that they name, or else by the one of their key; their order stays.

    `partitions` gives the number of a topic's partitions.
    """
    destinations: defaultdict[Destination, list[Fields]] = defaultdict(list)
    topic, partition, add = "", -1, list[Fields]().append
    for record in records:
        to = record.partition
        if to is None:
            to = partition_of(record.key or b"", partitions(record.topic))
        # Most go where the one before went: no need to look into the dictionary.
        if to != partition or record.topic != topic:
            topic, partition = record.topic, to
            add = destinations[topic, partition].append
        add((record.key, record.value, list(record.headers) if record.headers else NO_HEADERS))
    return destinations


def fill(batches: MutableSequence[BatchBuilder], records: Iterable[Fields], create: Callable[[], BatchBuilder]) -> None:
    """Add records to the last batch, and to new ones where it is full. A record larger than a batch gets a batch of its own."""
    batch = batches[-1] if batches else create()
    if not batches:
        batches.append(batch)
    # BatchBuilder.append takes twice as long as what it calls. `_relative_offset` is its count of records, which it keeps itself.
    append, at = batch._builder.append, batch.record_count()
    now = now_ms()  # for all of them: asked for by each record, the clock is a fifth of what it costs
    for key, value, headers in records:
        if append(at, now, key, value, headers) is None:
            batch._relative_offset = at
            batch.close()
            batch = create()
            batches.append(batch)
            append, at = batch._builder.append, 0
            append(at, now, key, value, headers)
        at += 1
    batch._relative_offset = at
