"""Marks: how far a partition has come, written with the rows that say so."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from streamrec.errors import StateMismatch

MARK = b"\0mark"
"""The mark's key in the changelog. Keys that begin with a zero byte are the engine's own."""

VERSION = 1


class Mark(msgspec.Struct, frozen=True):
    """How far a partition number of one state family has come.

    `next` holds the fetch position of every source topic (not a record's offset: transactions leave holes), `topics` the
    ids of those topics, `memory` what the processor keeps beside its rows.
    """

    next: dict[str, int]
    topics: dict[str, str | None]
    memory: dict[str, Any]
    version: int = VERSION


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


def _known(decoder: msgspec.msgpack.Decoder[Versioned], raw: bytes) -> Versioned:
    try:
        value = decoder.decode(raw)
    except msgspec.MsgspecError as exc:
        raise StateMismatch(f"a mark cannot be read ({exc}): was this state written by another program?") from exc
    if value.version > VERSION:
        raise StateMismatch(f"a mark has version {value.version}, this streamrec knows {VERSION}: run the newer version again")
    return value
