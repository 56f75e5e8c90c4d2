"""Record batches as both Kafka clients read them: unpacked within bounds, and readable whatever a producer has put into them.

The broker checks the frame of a batch and limits its compressed size. It does not limit what a batch unpacks to, and it lets names of
headers be any bytes (Go and C clients send them so): the clients' own readers raise on such a name, at every start anew. Here the bytes
of such a name are escaped, and one record whose value is `Unreadable` stands for what cannot be read at all.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import kafka.errors
import kafka.record.memory_records
from aiokafka.errors import CorruptRecordException
from aiokafka.record import memory_records
from crc32c import crc32c

from streamrec.contract.records import Headers, Unreadable
from streamrec.kafka.unpacking import UNPACK

POLL_BYTES = 4 << 20
"""After so many unpacked bytes of a partition a poll ends, and the rest is fetched again: 1 MiB of a fetch may hold many small batches
that each unpack to 16 MiB. An honest fetch without compression brings 1 MiB at most."""

DAMAGED = "the checksum"
"""Stands in the message for a batch that the broker's disk or the network has damaged; `state repair` looks for it."""

# Kafka's batch format 2: base offset, length, leader epoch, magic, checksum, attributes, last offset delta, first and last timestamp,
# producer id, epoch and sequence, number of records. Length and checksum do not count what stands before them.
_HEAD = struct.Struct(">qiibIhiqqqhii")
_LENGTH = struct.Struct(">i")
_ATTRIBUTES = struct.Struct(">h")
_CHECKSUM = struct.Struct(">I")
_LENGTH_AT, _CHECKSUM_AT, _ATTRIBUTES_AT, _AFTER_LENGTH = 8, 17, 21, 12
_CODEC, _APPEND_TIME = 0x07, 0x08
_MAGIC_AT, _WITH_HEADERS = 16, 2


class Read(NamedTuple):
    """A record as both clients want it."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    size_in_bytes: int = 0
    checksum: None = None

    def validate_crc(self) -> bool:
        """Records have no checksums of their own, batches do."""
        return True


class Batch:
    """A batch of either client, which it stands for in all but the reading of records."""

    def __init__(self, batch: Any, raw: memoryview, owner: Batches) -> None:
        self._batch, self._raw, self._owner = batch, raw, owner
        self._checked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # the one record of a control batch

    def validate_crc(self) -> bool:
        """Check that the bytes are those that the producer sent. Only consumers that must stop at a damaged batch ask this.

        The others (`check_crcs=False`) read on behind such a batch: one record stands for it.

        Raises:
            CorruptRecordException: the bytes are others; the message names the batch.
        """
        self._checked = True
        if not self._whole():
            raise self._owner.corrupt(f"{self._owner.place}: {DAMAGED} of the batch at {self._offsets()} is wrong")
        return True

    def __iter__(self) -> Iterator[Any]:
        read, payload = 0, None
        if not self._checked and not self._whole():
            yield self._stand_in(f"{self._offsets()}: {DAMAGED} is wrong")
            return
        try:
            batch, payload = self._open()
            for read, record in enumerate(batch, 1):  # noqa: B007 - how many were read before it raises
                yield record
        # On malformed bytes the clients raise errors of many kinds, and nothing but the bytes can cause one here.
        except Exception as exc:
            if payload is None:
                yield self._stand_in(f"{self._offsets()}: {exc}")
            else:
                yield from self._rest(payload, read)

    def _whole(self) -> bool:
        """Whether the checksum is that of the bytes; by the processor's own instruction, a tenth of the time that aiokafka takes."""
        return bool(crc32c(self._raw[_ATTRIBUTES_AT:]) == _CHECKSUM.unpack_from(self._raw, _CHECKSUM_AT)[0])

    def _open(self) -> tuple[Any, memoryview]:
        """The batch without compression, and the bytes of its records."""
        raw, batch = self._raw, self._batch
        if codec := batch.compression_type:
            head, payload = bytearray(raw[: _HEAD.size]), UNPACK[codec](raw[_HEAD.size :])
            _LENGTH.pack_into(head, _LENGTH_AT, _HEAD.size - _AFTER_LENGTH + len(payload))
            _ATTRIBUTES.pack_into(head, _ATTRIBUTES_AT, _ATTRIBUTES.unpack_from(head, _ATTRIBUTES_AT)[0] & ~_CODEC)
            raw = memoryview(bytes(head) + payload)
            batch = type(batch)(raw)
        self._owner.read_bytes += len(raw)
        return batch, raw[_HEAD.size :]

    def _rest(self, payload: memoryview, read: int) -> Iterator[Read]:
        """The records behind the first `read`, one by one; an `Unreadable` stands for each that cannot be read."""
        *_, count = _HEAD.unpack_from(self._raw)
        at = 0
        for number in range(count):
            try:
                length, begin = _varint(payload, at)
                at = begin + length
                if length < 0 or at > len(payload):
                    raise ValueError("a record goes on behind the end of its batch")
            except (ValueError, IndexError) as exc:
                yield self._stand_in(f"{self._offsets()}, from record {number} on: {exc}")
                return
            if number >= read:
                yield self._one(payload[begin:at], number)

    def _one(self, body: memoryview, number: int) -> Read:
        """A record without its length: attributes, time, offset, key, value, headers."""
        *_, attributes, last, first_ts, max_ts, _, _, _, _ = _HEAD.unpack_from(self._raw)
        base, kind = self._batch.base_offset, int(bool(attributes & _APPEND_TIME))
        offset, ts = min(number, last), max_ts - first_ts
        try:
            ts, at = _varint(body, 1)
            offset, at = _varint(body, at)
            key, at = _bytes(body, at)
            value, at = _bytes(body, at)
            count, at = _varint(body, at)
            headers: list[tuple[str, bytes | None]] = []
            for _ in range(count):
                name, at = _bytes(body, at)
                content, at = _bytes(body, at)
                headers.append(((name or b"").decode(errors="backslashreplace"), content))
        except (ValueError, IndexError) as exc:
            key, value, headers = None, Unreadable(f"offset {base + offset}: {exc}".encode()), []
        return Read(base + offset, max_ts if kind else first_ts + ts, kind, key, value, headers, len(body))

    def _offsets(self) -> str:
        return f"offsets {self._batch.base_offset} to {self._batch.next_offset - 1}"

    def _stand_in(self, why: str) -> Read:
        # At the last offset: who begins amid the batch passes over those before.
        batch = self._batch
        return Read(batch.next_offset - 1, getattr(batch, "max_timestamp", -1), 0, None, Unreadable(why.encode()), ())


def _bytes(body: memoryview, at: int) -> tuple[bytes | None, int]:
    length, at = _varint(body, at)
    if length > len(body) - at:
        raise ValueError("a field goes on behind the end of its record")
    return (None, at) if length < 0 else (bytes(body[at : at + length]), at + length)


def _varint(body: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


class Batches:
    """What `MemoryRecords` of a client is mixed with."""

    place = "?"
    corrupt: type[Exception] = CorruptRecordException
    read_bytes = 0
    _next_slice: Any

    def has_next(self) -> bool:
        """Whether the poll should go on: there is another batch, and not too much was read already."""
        return self._next_slice is not None and self.read_bytes <= POLL_BYTES

    def next_batch(self) -> Any:
        """The next batch; those of the formats before Kafka 0.11 have neither headers nor exact offsets and are left to the client."""
        raw = self._next_slice
        batch = super().next_batch()  # type: ignore[misc]
        if batch is None or raw[_MAGIC_AT] < _WITH_HEADERS:
            return batch
        return Batch(batch, memoryview(raw), self)


class AiokafkaBatches(Batches, memory_records._MemoryRecordsPy):  # type: ignore[misc]
    """For aiokafka."""


class KafkaPythonBatches(Batches, kafka.record.memory_records.MemoryRecords):  # type: ignore[misc]
    """For kafka-python, which asks for batches until there is none."""

    corrupt = kafka.errors.CorruptRecordError
