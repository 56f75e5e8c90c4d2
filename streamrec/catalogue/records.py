"""The records of items as they were announced: what they are made of, how large they are, and whatever else viewers ask about."""

from __future__ import annotations

import msgspec

from streamrec.events.types import Item, encode_hook

MOST_BYTES = 512 * 1024 * 1024
"""A usual record takes some 500 bytes: this is enough for a million items."""

_encode = msgspec.msgpack.Encoder(enc_hook=encode_hook).encode
_decode = msgspec.msgpack.Decoder(Item, dec_hook=lambda kind, raw: kind(raw)).decode


class Records:
    """Items by id, packed. When all of them take more than `most_bytes`, further ones are kept without description and attributes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.bytes = 0
        self.cut = 0
        """Records that were kept without description and attributes."""
        self._packed: dict[str, bytes] = {}
        self._most_bytes = most_bytes

    def put(self, item: Item) -> bool:
        """Keep a record in place of the item's former one; returns whether more has changed than what is left of it.

        Stock changes with every sale, and to read the names of a shelf anew takes tens of milliseconds.
        """
        former = self.get(item.item_id)
        self.remove(item.item_id)
        # Vectors of pictures are large, and answer no question.
        record = msgspec.structs.replace(item, media_vectors={})
        if self.bytes > self._most_bytes:
            record = msgspec.structs.replace(record, description=None, attributes={})
            self.cut += 1
        packed = self._packed[item.item_id] = _encode(record)
        self.bytes += len(packed) + len(item.item_id)
        return former is None or _lasting(former) != _lasting(record)

    def remove(self, item_id: str) -> None:
        """Forget a record, if there is one."""
        packed = self._packed.pop(item_id, None)
        if packed is not None:
            self.bytes -= len(packed) + len(item_id)

    def get(self, item_id: str) -> Item | None:
        """The record of an item; None for one that is not listed."""
        packed = self._packed.get(item_id)
        return None if packed is None else _decode(packed)


def _lasting(item: Item) -> Item:
    return msgspec.structs.replace(item, stock=None, available=True)
