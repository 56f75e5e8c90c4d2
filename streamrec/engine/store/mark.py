"""Marks: how far a partition has come, written with the rows that say so."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from streamrec.contract.memory import Memory
from streamrec.errors import StateMismatch

MARK = b"\0mark"
"""The mark's key in the changelog. Keys that begin with a zero byte are the engine's own."""

VERSION = 1
"""Fields are added with defaults, and older releases pass them over; a new version is for what an older release must not go on from."""


class Mark(msgspec.Struct, frozen=True):
    """How far a partition number of one state family has come.

    `next` holds the fetch position of every source topic (not a record's offset: transactions leave holes), `topics` the
    ids of those topics, `memory` what the processor keeps beside its rows. `begins` is the position from which on the changelog
    has every row: before it there is nothing, or nothing that could be kept.
    """

    next: dict[str, int]
    topics: dict[str, str | None]
    memory: dict[str, Any]
    version: int = VERSION
    begins: int = 0


class Stamp(msgspec.Struct, frozen=True):
    """What a disk holds: the changelog it follows, up to which position, as of when (ms since the epoch), and the mark there."""

    changelog: str | None
    position: int
    saved_ms: int
    mark: bytes | None
    version: int = VERSION


Versioned = TypeVar("Versioned", Mark, Stamp)

_mark = msgspec.msgpack.Decoder(Mark)
_stamp = msgspec.msgpack.Decoder(Stamp)
encode = msgspec.msgpack.Encoder().encode


def decode_mark(raw: bytes) -> Mark:
    """Read a mark.

    Raises:
        StateMismatch: it is damaged, or written by a later version of streamrec.
    """
    return _known(_mark, raw)


def decode_stamp(raw: bytes) -> Stamp:
    """Read a stamp; raises as `decode_mark` does."""
    return _known(_stamp, raw)


def is_garbage(raw: bytes | None, memory: type[Memory]) -> bool:
    """Whether these bytes are no mark of any version, or one with what no `memory` of this version can be."""
    try:
        mark = _mark.decode(raw or b"")
        if mark.version <= VERSION:
            memory.load(mark.memory)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, StateMismatch):
        return True
    return False


def _known(decoder: msgspec.msgpack.Decoder[Versioned], raw: bytes) -> Versioned:
    try:
        value = decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise StateMismatch(
            f"a mark cannot be read ({exc}): somebody else wrote to the changelog; stop all workers and run `streamrec state repair`"
        ) from exc
    if value.version > VERSION:
        raise StateMismatch(f"a mark has version {value.version}, this streamrec knows {VERSION}: run the newer version again")
    return value
