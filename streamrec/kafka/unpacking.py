"""The payloads of record batches, unpacked within bounds: a few kilobytes on the wire may stand for gigabytes of memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import cramjam

UNPACKED_BYTES = 16 << 20
"""Most that one batch may unpack to.

A batch has at most 1 MiB compressed, and JSON events that differ shrink to a fifth or a tenth: honest ones stay far below this.
"""

_LENGTH = struct.Struct(">i")
# Kafka's Java client writes snappy in blocks behind this head, each with its length; other clients write one block without either.
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEAD = 16


class TooLarge(ValueError):
    """A batch unpacks to more than `UNPACKED_BYTES`."""

    def __init__(self) -> None:
        super().__init__(f"it unpacks to more than {UNPACKED_BYTES >> 20} MiB")


def unpack_gzip(payload: Any) -> bytes:
    """The members of a gzip stream; raises as all of these do: TooLarge, or whatever says that the bytes are not what they should be."""
    rest, unpacked = bytes(payload), bytearray()
    while rest:
        member = zlib.decompressobj(wbits=31)
        unpacked += member.decompress(rest, UNPACKED_BYTES + 1 - len(unpacked))
        if len(unpacked) > UNPACKED_BYTES:
            raise TooLarge
        if not member.eof:
            raise ValueError("the gzip stream ends too early")
        rest = member.unused_data
    return bytes(unpacked)


def unpack_lz4(payload: Any) -> bytes:
    """A frame of LZ4."""
    return _into(cramjam.lz4.decompress_into, payload, UNPACKED_BYTES)


def unpack_zstd(payload: Any) -> bytes:
    """Frames of Zstandard."""
    return _into(cramjam.zstd.decompress_into, payload, UNPACKED_BYTES)


def unpack_snappy(payload: Any) -> bytes:
    """Snappy, in the blocks of the Java client or as one."""
    data = bytes(payload)
    if not data.startswith(_XERIAL):
        return _into(cramjam.snappy.decompress_raw_into, data, _snappy_length(data))
    unpacked, at = bytearray(), _XERIAL_HEAD
    while at < len(data):
        (size,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if size < 0 or at + size > len(data):
            raise ValueError("a block of the snappy stream goes on behind its end")
        block = data[at : at + size]
        if len(unpacked) + (length := _snappy_length(block)) > UNPACKED_BYTES:
            raise TooLarge
        unpacked += _into(cramjam.snappy.decompress_raw_into, block, length)
        at += size
    return bytes(unpacked)


def _snappy_length(data: bytes) -> int:
    length = int(cramjam.snappy.decompress_raw_len(data))
    if length > UNPACKED_BYTES:
        raise TooLarge
    return length


def _into(unpack: Callable[[Any, Any], int], payload: Any, most: int) -> bytes:
    room = bytearray(most)  # pages that are not written to cost nothing
    try:
        size = unpack(bytes(payload), room)
    except cramjam.DecompressionError as exc:
        if "whole buffer" in str(exc) and most == UNPACKED_BYTES:
            raise TooLarge from None
        raise
    return bytes(memoryview(room)[:size])


UNPACK: dict[int, Callable[[Any], bytes]] = {1: unpack_gzip, 2: unpack_snappy, 3: unpack_lz4, 4: unpack_zstd}
"""By the number that the attributes of a batch give its compression."""
