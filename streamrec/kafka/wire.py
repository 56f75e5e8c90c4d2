"""Fetch requests and answers, and produce requests, packed and unpacked by partition; aiokafka does it by field.

A fetch names every partition and the answer as well, most of them empty: field by field, with a generator for each, that was half
of what reading costs at moderate rates. Of a record batch that is sent aiokafka makes eight copies, one for each level of the message
around it. Only for the versions of the protocol that Kafka has spoken since 2.3 (fetch) and 0.11 (produce).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

FIELDS_ASKED = ("partition", "current_leader_epoch", "fetch_offset", "log_start_offset", "max_bytes")
FIELDS_FETCHED = (
    "partition",
    "error_code",
    "highwater_offset",
    "last_stable_offset",
    "log_start_offset",
    "aborted_transactions",
    "preferred_read_replica",
    "message_set",
)


class Asked:
    """What a request says of a partition."""

    names = FIELDS_ASKED
    _all = struct.Struct(">iiqqi")

    def encode(self, item: Sequence[int]) -> bytes:
        return self._all.pack(*item)


class Fetched:
    """What an answer says of a partition, and its records."""

    names = FIELDS_FETCHED
    _head, _aborted, _tail = struct.Struct(">ihqqqi"), struct.Struct(">qq"), struct.Struct(">ii")

    def decode(self, data: BytesIO) -> tuple[Any, ...]:
        *head, aborted = self._head.unpack(data.read(self._head.size))
        transactions = [self._aborted.unpack(data.read(self._aborted.size)) for _ in range(aborted)] if aborted >= 0 else None
        replica, size = self._tail.unpack(data.read(self._tail.size))
        records = data.read(size) if size >= 0 else None
        if records is not None and len(records) != size:
            raise ValueError(f"a fetch answer ends {size - len(records)} bytes too early")
        return *head, transactions, replica, records


_string, _count, _place, _how = struct.Struct(">h"), struct.Struct(">i"), struct.Struct(">ii"), struct.Struct(">hi")


def produced(message: Any) -> list[Any]:
    """A produce request in pieces, among them its record batches as they are."""
    pieces = [_text(message.transactional_id), _how.pack(message.required_acks, message.timeout), _count.pack(len(message.topics))]
    for topic, partitions in message.topics:
        pieces += [_text(topic), _count.pack(len(partitions))]
        for partition, batch in partitions:
            pieces += [_place.pack(partition, len(batch)), batch]
    return pieces


def _text(value: str | None) -> bytes:
    if value is None:
        return _string.pack(-1)
    raw = value.encode()
    return _string.pack(len(raw)) + raw
