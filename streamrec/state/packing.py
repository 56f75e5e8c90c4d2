"""Rows as bytes: one version byte, then msgpack. Every version that was ever written stays readable."""

from __future__ import annotations

import msgspec

from streamrec.errors import StateMismatch
from streamrec.events.types import encode_hook
from streamrec.state.item import ItemRow
from streamrec.state.user import ErasedUser, UserRow

USER, ERASED, ITEM = b"\x01", b"\x02", b"\x03"

_encode = msgspec.msgpack.Encoder(enc_hook=encode_hook).encode
_decode_user = msgspec.msgpack.Decoder(UserRow).decode
_decode_erased = msgspec.msgpack.Decoder(ErasedUser).decode
_decode_item = msgspec.msgpack.Decoder(ItemRow).decode


def pack_user(row: UserRow | ErasedUser) -> bytes:
    """The bytes of a row of the user family."""
    return (ERASED if isinstance(row, ErasedUser) else USER) + _encode(row)


def unpack_user(raw: bytes) -> UserRow | ErasedUser:
    """The reverse of `pack_user`.

    Raises:
        StateMismatch: the row was written by a newer streamrec.
    """
    match raw[:1]:
        case b"\x01":
            return _decode_user(raw[1:])
        case b"\x02":
            return _decode_erased(raw[1:])
    raise _unknown(raw)


def pack_item(row: ItemRow) -> bytes:
    """The bytes of a row of the item family."""
    return ITEM + _encode(row)


def unpack_item(raw: bytes) -> ItemRow:
    """The reverse of `pack_item`; raises StateMismatch as `unpack_user` does."""
    if raw[:1] == ITEM:
        return _decode_item(raw[1:])
    raise _unknown(raw)


def _unknown(raw: bytes) -> StateMismatch:
    return StateMismatch(f"a row of version {raw[:1].hex() or 'none'} was written by a newer streamrec; start that version again")
