"""Files of recorded rooms: items, rooms with their shelves, what the hosts said, and what the viewers wrote, by the second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from streamrec.errors import InputError
from streamrec.events.fields import Id, Label, Text
from streamrec.events.files import read_items, read_lines, wrong
from streamrec.events.types import Item

Second = Annotated[float, Meta(ge=0, le=10_000_000)]


class FileRoom(Struct, kw_only=True):
    """A room and its shelf, in the order of the link numbers."""

    room_id: Id
    shelf: Annotated[list[Id], Meta(max_length=1000)]
    host_id: Id = "host"
    title: Label | None = None
    on_air: Id | None = None
    """The item on air from beginning to end; where it is given, speech does not matter."""


class FileSegment(Struct, kw_only=True):
    """A segment of what the host said, `at_s` seconds from the beginning of the room."""

    room_id: Id
    at_s: Second
    text: Annotated[str, Meta(max_length=2000)]
    item_id: Id | None = None
    """The item that is sold, which is what a program has to find out."""


class FileComment(Struct, kw_only=True):
    """A comment of a viewer, `at_s` seconds from the beginning of the room."""

    id: Id
    room_id: Id
    at_s: Second
    user: Id
    text: Text
    item_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """What the files hold, in their order."""

    items: Sequence[Item]
    rooms: Sequence[FileRoom]
    segments: Sequence[FileSegment]
    comments: Sequence[FileComment]

    def timeline(self) -> list[FileSegment | FileComment]:
        """Segments and comments of all rooms by their second; what the host says at a second comes before what is written at it."""
        return sorted([*self.segments, *self.comments], key=lambda row: row.at_s)


def read_recording(items: Path, rooms: Path, transcripts: Path, danmaku: Path) -> Recording:
    """The files of a recording. Fields that are not named here, such as labels, are passed over.

    Raises:
        InputError: a file cannot be read, or a line is not what it should be, names an unknown room or an id for the second time.
    """
    halls = [row for _, row in _rows(rooms, FileRoom)]
    known = {hall.room_id for hall in halls}
    segments = list(_of_rooms(transcripts, FileSegment, known, rooms))
    comments, seen = list(_of_rooms(danmaku, FileComment, known, rooms)), set[str]()
    for number, comment in comments:
        if comment.id in seen:
            raise InputError(f"{danmaku}: line {number + 1}: the id {comment.id} was given to a comment before; ids tell comments apart")
        seen.add(comment.id)
    return Recording(read_items(items), halls, [row for _, row in segments], [row for _, row in comments])


Row = TypeVar("Row", bound=Struct)
InRoom = TypeVar("InRoom", FileSegment, FileComment)


def _rows(path: Path, kind: type[Row]) -> Iterator[tuple[int, Row]]:
    decoder = msgspec.json.Decoder(kind)
    for number, line in read_lines(path):
        try:
            yield number, decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(path, number, exc) from exc


def _of_rooms(path: Path, kind: type[InRoom], known: set[str], rooms: Path) -> Iterator[tuple[int, InRoom]]:
    for number, row in _rows(path, kind):
        if row.room_id not in known:
            raise InputError(f"{path}: line {number + 1}: {rooms} has no room {row.room_id}; add it there")
        yield number, row
