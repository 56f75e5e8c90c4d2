"""Reads the files of lists that are evaluated."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from streamrec.errors import InputError
from streamrec.events.files import read_lines, wrong
from streamrec.events.types import Trigger


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


_list = msgspec.json.Decoder(FileList)


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
            raise wrong(path, number, exc) from exc
        ranked.line = number
        ranked.items.sort(key=lambda place: place.rank)
        if len({place.item_id for place in ranked.items}) < len(ranked.items):
            raise InputError(f"{path}: line {number + 1}: the list names an item twice; make the lists anew")
        lists.append(ranked)
    return lists
