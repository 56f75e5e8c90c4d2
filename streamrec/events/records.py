"""What the engine hands to the pure code and takes back from it: records in, records out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import msgspec

TRACEPARENT_PARTS = 4
"""Version, trace id, parent id and flags (W3C Trace Context)."""
Headers = Sequence[tuple[str, bytes]]


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


def place(record: Inbound) -> dict[str, Any]:
    """Where a record was read, for logs: topic, partition, offset, and the trace id of its `traceparent` if it has one."""
    found: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    trace = next((value for name, value in record.headers if name == "traceparent"), b"").split(b"-")
    if len(trace) == TRACEPARENT_PARTS:
        found["trace_id"] = trace[1].decode("ascii", "replace")
    return found


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


Row = TypeVar("Row")


class Rows(Protocol[Row]):
    """The state table of one partition as the pure code sees it. A row that was changed must be `put`."""

    def get(self, key: bytes) -> Row | None: ...
    def put(self, key: bytes, row: Row) -> None: ...
    def delete(self, key: bytes) -> None: ...
