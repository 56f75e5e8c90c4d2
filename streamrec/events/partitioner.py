"""Which partition a key belongs to: murmur2, as in Java's producer, kafka-python and aiokafka."""

from __future__ import annotations

import struct
from functools import lru_cache

_SEED = 0x9747B28C
_M = 0x5BD1E995
_MASK = 0xFFFFFFFF
# A hash in pure Python costs more than the rest of the routing check; a larger cache would only keep users who are gone.
_CACHED_KEYS = 1 << 17


def murmur2(data: bytes) -> int:
    """MurmurHash2 of `data` as an unsigned 32-bit number (`org.apache.kafka.common.utils.Utils.murmur2`)."""
    length = len(data)
    words = length >> 2
    h = _SEED ^ length
    # Four bytes at a time: byte by byte, Python takes several times as long.
    for k in struct.unpack_from(f"<{words}I", data):
        k = k * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = h * _M & _MASK ^ k
    if length & 3:
        h = (h ^ int.from_bytes(data[words << 2 :], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(_CACHED_KEYS)
def _hash(key: bytes) -> int:
    # The clients drop the sign bit, which is not the same as the absolute value.
    return murmur2(key) & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, out of `partitions`, in which the records of `key` lie."""
    return _hash(key) % partitions
