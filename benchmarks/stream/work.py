"""The one work that every contender does: decode an event, update the user's row, answer with a list. Ranking is stubbed.

A list holds the ten items that the row remembers. Everything that is measured beyond these functions is the contender's own.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

ITEMS = 10
RECENT = 12
BUCKETS = 64
HALF_LIFE_MS = 14 * 24 * 3600 * 1000
VERSION = b"\x01"
START_MS = 1_700_000_000_000
BEST_SELLERS = tuple(f"best-{place:02}" for place in range(RECENT))
_FLOAT = struct.Struct("<f")


class Event(msgspec.Struct, frozen=True, gc=False):
    """A view as it stands in the topic, 150 to 200 bytes of JSON keyed by `user_id`; `ts` and `dwell_ms` in ms."""

    event_id: str
    user_id: str
    item_id: str
    room_id: str
    ts: int
    dwell_ms: int
    channel: str
    country: str


class Row(msgspec.Struct, array_like=True):
    """What is known of a user, about 500 bytes packed.

    `place` is the partition and offset last applied, `recent` and `times` a ring of the last items, `interest` decayed
    float32 sums per hashed item, all as of `ts`.
    """

    seq: int
    ts: int
    place: tuple[int, int]
    recent: list[str]
    times: list[int]
    channels: dict[str, int]
    dwell_ms: float
    interest: bytearray


class RankedList(msgspec.Struct):
    """What one event is answered with; `list_id` is the event's place as `topic-partition-offset`."""

    list_id: str
    user_id: str
    seq: int
    ts: int
    items: list[str]


decode_event = msgspec.json.Decoder(Event).decode
encode_event = msgspec.json.Encoder().encode
decode_list = msgspec.json.Decoder(RankedList).decode
_encode_list = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Row).decode


def new_row() -> Row:
    """The row of a user without history, who is shown what sells best."""
    return Row(0, START_MS, (-1, -1), list(BEST_SELLERS), [START_MS] * RECENT, {}, 0.0, bytearray(4 * BUCKETS))


def apply(row: Row, event: Event, partition: int, offset: int) -> None:
    """Change the row by one event that was read at this place."""
    faded = 0.5 ** (max(0, event.ts - row.ts) / HALF_LIFE_MS)
    row.seq += 1
    row.ts = max(row.ts, event.ts)
    row.place = (partition, offset)
    del row.recent[0], row.times[0]
    row.recent.append(event.item_id)
    row.times.append(event.ts)
    row.channels[event.channel] = row.channels.get(event.channel, 0) + 1
    row.dwell_ms = row.dwell_ms * faded + event.dwell_ms
    at = 4 * (crc32(event.item_id.encode()) % BUCKETS)
    _FLOAT.pack_into(row.interest, at, _FLOAT.unpack_from(row.interest, at)[0] * faded + 1.0)


def pack(row: Row) -> bytes:
    """The row's bytes, version byte first."""
    return VERSION + _pack(row)


def unpack(raw: bytes) -> Row:
    """The reverse of `pack`."""
    if raw[:1] != VERSION:
        raise ValueError(f"a row of version {raw[:1].hex()}")
    return _unpack(raw[1:])


def answer(row: Row, event: Event, topic: str, partition: int, offset: int) -> bytes:
    """The bytes of the list that answers the event."""
    return _encode_list(RankedList(f"{topic}-{partition}-{offset}", event.user_id, row.seq, event.ts, row.recent[: -ITEMS - 1 : -1]))
