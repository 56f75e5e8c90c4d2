"""Rows as bytes: a version byte, then msgpack. Every version that was ever written stays readable.

Fields are written by position, so that a new one at the end of a row needs nothing here: older rows lack it and have its default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from streamrec.errors import StateMismatch
from streamrec.events.types import encode_hook
from streamrec.state.item import ItemRow
from streamrec.state.room import RoomRow
from streamrec.state.user import ErasedUser, ErasureSecret, ParkedEvent, UserRow

USER, ERASED, ITEM, PARKED, SECRET, ROOM = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06"
UserState = UserRow | ErasedUser | ParkedEvent | ErasureSecret
"""The rows of the user family."""

_encode = msgspec.msgpack.Encoder(enc_hook=encode_hook).encode
_decode_user = msgspec.msgpack.Decoder(UserRow).decode
_decode_erased = msgspec.msgpack.Decoder(ErasedUser).decode
_decode_parked = msgspec.msgpack.Decoder(ParkedEvent).decode
_decode_secret = msgspec.msgpack.Decoder(ErasureSecret).decode
_decode_item = msgspec.msgpack.Decoder(ItemRow).decode
_decode_room = msgspec.msgpack.Decoder(RoomRow).decode

Row = TypeVar("Row")
_GARBAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def pack_user(row: UserState) -> bytes:
    """The bytes of a row of the user family."""
    match row:
        case UserRow():
            return USER + _encode(row)
        case ErasedUser():
            return ERASED + _encode(row)
        case ParkedEvent():
            return PARKED + _encode(row)
    return SECRET + _encode(row)


def unpack_user(raw: bytes) -> UserState:
    """The reverse of `pack_user`.

    Raises:
        StateMismatch: the row was written by a newer streamrec, or by another program.
    """
    try:
        match raw[:1]:
            case b"\x01":
                return _decode_user(raw[1:])
            case b"\x02":
                return _decode_erased(raw[1:])
            case b"\x04":
                return _decode_parked(raw[1:])
            case b"\x05":
                return _decode_secret(raw[1:])
    except _GARBAGE as exc:
        raise StateMismatch(f"a row cannot be read ({exc})") from exc
    raise _unknown(raw)


def pack_item(row: ItemRow) -> bytes:
    """The bytes of a row of the item family."""
    return ITEM + _encode(row)


def unpack_item(raw: bytes) -> ItemRow:
    """The reverse of `pack_item`; raises StateMismatch as `unpack_user` does."""
    return _unpacked(raw, ITEM, _decode_item)


def pack_room(row: RoomRow) -> bytes:
    """The bytes of a row of the room family."""
    return ROOM + _encode(row)


def unpack_room(raw: bytes) -> RoomRow:
    """The reverse of `pack_room`; raises StateMismatch as `unpack_user` does."""
    return _unpacked(raw, ROOM, _decode_room)


def _unpacked(raw: bytes, version: bytes, decode: Callable[[bytes], Row]) -> Row:
    try:
        if raw[:1] == version:
            return decode(raw[1:])
    except _GARBAGE as exc:
        raise StateMismatch(f"a row cannot be read ({exc})") from exc
    raise _unknown(raw)


def _unknown(raw: bytes) -> StateMismatch:
    return StateMismatch(f"a row of version {raw[:1].hex() or 'none'} was written by a newer streamrec; start that version again")
