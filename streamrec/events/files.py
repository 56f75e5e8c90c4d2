"""Files of events and items: one JSON object a line, plain or gzipped. Errors name file and line."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from streamrec.errors import BadEvent, InputError
from streamrec.events.codec import INPUTS, Event, decode
from streamrec.events.types import Item, Rule


class FileEvent(NamedTuple):
    """An event of a file: the number of its line (from 0), its topic without the prefix, the event, and the line's bytes."""

    line: int
    topic: str
    event: Event
    value: bytes = b""


class _Topic(Struct):
    topic: str


_topic = msgspec.json.Decoder(_Topic)


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 0. A name in `.gz` is decompressed, a byte order mark skipped.

    Raises:
        InputError: the file cannot be read, or is in UTF-16.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines):
                if number == 0:
                    line = _without_mark(path, line)
                if line and not line.isspace():
                    yield number, line.strip()
    except (OSError, EOFError, zlib.error) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the path of a .jsonl or .jsonl.gz file") from exc


def _without_mark(path: Path, line: bytes) -> bytes:
    # Editors on Windows write it; read as UTF-8 the error would name a byte that nobody typed.
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path} is in UTF-16; convert it to UTF-8, such as with `iconv -f utf-16 -t utf-8`")
    return line.removeprefix(codecs.BOM_UTF8)


def read_events(path: Path, topic: str | None = None) -> Iterator[FileEvent]:
    """The events of a file in its order: all are of `topic`, or without it each of the `"topic"` (without the prefix) that its line names.

    Raises:
        InputError: the file cannot be read, or a line is no valid event of its topic.
    """
    for number, line in read_lines(path):
        try:
            named = topic or _topic.decode(line).topic
            if named not in INPUTS:
                raise BadEvent("invalid", f"no events of a topic of that name are known; name one of {', '.join(INPUTS)}")
            yield FileEvent(number, named, decode(named, line), line)
        except (BadEvent, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(path, number, exc) from exc


def read_items(path: Path) -> list[Item]:
    """The items of a file. Of several lines with one item_id the last counts.

    Raises:
        InputError: as `read_events`.
    """
    items = {event.item_id: event for _, _, event, _ in read_events(path, "items") if isinstance(event, Item)}
    return list(items.values())


def read_rules(path: Path) -> list[Rule]:
    """The rules of a file.

    Raises:
        InputError: as `read_events`.
    """
    return [event for _, _, event, _ in read_events(path, "rules") if isinstance(event, Rule)]


def wrong(path: Path, line: int, exc: Exception) -> InputError:
    """The error to raise for a line (counted from 0) that cannot be used."""
    return InputError(f"{path}: line {line + 1}: {exc}; correct or remove the line")
