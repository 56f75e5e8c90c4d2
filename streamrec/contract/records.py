"""What the engine hands to the pure code and takes back from it: records in, records out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

Headers = Sequence[tuple[str, bytes | None]]
"""Names and values in order. Kafka allows null values and repeated names; a name that is not UTF-8 has its bytes escaped."""

# Only this shape is passed on: the header is written by strangers, and W3C Trace Context gives it 55 characters.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Unreadable(bytes):
    """The value of a record that stands for records whose bytes could not be read; its text says which and why.

    It is not null, so that nobody takes it for a tombstone, and it is no JSON, so that whoever overlooks its type refuses it.
    """


class Inbound(Protocol):
    """One record as read from Kafka."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


def header(headers: Headers, name: str) -> bytes | None:
    """The last header of that name, or None."""
    for key, value in reversed(headers):
        if key == name:
            return value
    return None


def traceparent(headers: Headers) -> bytes | None:
    """The header `traceparent` if it has the form that W3C Trace Context demands, else None."""
    value = header(headers, "traceparent")
    return value if value is not None and _TRACEPARENT.fullmatch(value) else None


def place(record: Inbound) -> dict[str, Any]:
    """Where a record was read, for logs: topic, partition, offset, and the trace id of its `traceparent` if it has one."""
    fields: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    if (trace := traceparent(record.headers)) is not None:
        fields["trace_id"] = trace.split(b"-")[1].decode()
    return fields


class Record(msgspec.Struct, frozen=True, gc=False):
    """An `Inbound` that costs a quarter of aiokafka's own ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outbound(msgspec.Struct, frozen=True, gc=False):
    """One record to write; without `partition` the key decides (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
