"""Reads the files of lists, events and items that are evaluated; whatever is wrong is named by file and line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import INPUTS, Event, decode
from streamrec.events.types import Item, Trigger


class FileEvent(NamedTuple):
    """An event of a file: its line, counted from 0, the topic named in it, and the event."""

    line: int
    topic: str
    event: Event


class Place(Struct):
    """One place of a list, as much of it as is judged."""

    item_id: str
    rank: int


class FileList(Struct):
    """A list of a file, as much of it as is judged; `line` counts from 0."""

    list_id: str
    user_id: str
    trigger: Trigger
    items: list[Place]
    line: int = -1


class _Topic(Struct):
    topic: str


_topic = msgspec.json.Decoder(_Topic)
_list = msgspec.json.Decoder(FileList)


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 0; a name that ends in `.gz` is decompressed.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines):
                if not line.isspace():
                    yield number, line.strip()
    except (OSError, EOFError, zlib.error) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the path of a .jsonl or .jsonl.gz file") from exc


def read_events(path: Path) -> Iterator[FileEvent]:
    """The events of a file, each line with `"topic"` (without prefix) added, in the file's order.

    Raises:
        InputError: the file cannot be read, or a line is no valid event of the topic that it names.
    """
    for number, line in read_lines(path):
        try:
            topic = _topic.decode(line).topic
            if topic not in INPUTS:
                raise BadEvent("invalid", f"no events of a topic of that name are known; name one of {', '.join(INPUTS)}")
            yield FileEvent(number, topic, decode(topic, line))
        except (BadEvent, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise _wrong(path, number, exc) from exc


def read_items(path: Path) -> list[Item]:
    """The items of a file; of lines with the same item_id the last one counts.

    Raises:
        InputError: the file cannot be read, or a line is no valid item.
    """
    items: dict[str, Item] = {}
    for number, line in read_lines(path):
        try:
            item = decode("items", line)
        except BadEvent as exc:
            raise _wrong(path, number, exc) from exc
        assert isinstance(item, Item)
        items[item.item_id] = item
    return list(items.values())


def read_lists(path: Path) -> list[FileList]:
    """The lists of a file, places in the order of their ranks.

    Raises:
        InputError: the file cannot be read, or a line is no list, or names an item twice.
    """
    lists = []
    for number, line in read_lines(path):
        try:
            ranked = _list.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise _wrong(path, number, exc) from exc
        ranked.line = number
        ranked.items.sort(key=lambda place: place.rank)
        if len({place.item_id for place in ranked.items}) < len(ranked.items):
            raise InputError(f"{path}: line {number + 1}: the list names an item twice; make the lists anew")
        lists.append(ranked)
    return lists


def _wrong(path: Path, line: int, exc: Exception) -> InputError:
    return InputError(f"{path}: line {line + 1}: {exc}; correct or remove the line")
