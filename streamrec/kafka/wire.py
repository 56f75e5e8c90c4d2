"""Fetch requests and answers, packed and unpacked by partition; aiokafka does it by field.

A fetch names every partition and the answer as well, most of them empty: field by field, with a generator for each, that was half
of what reading costs at moderate rates. Only for the version of the protocol that Kafka has spoken since 2.3.
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
