"""Reads the files of lists that are evaluated."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from streamrec.errors import InputError
from streamrec.events.files import read_lines, wrong
from streamrec.events.types import Trigger


class ListedItem(Struct):
    """An item of a list; only the fields that are judged."""

    item_id: str
    rank: int


class FileList(Struct):
    """A list in a file; only the fields that are judged. `line` counts from 0."""

    list_id: str
    user_id: str
    trigger: Trigger
    items: list[ListedItem]
    line: int = -1


_list = msgspec.json.Decoder(FileList)


def read_lists(path: Path) -> list[FileList]:
    """The lists of a file, their items in the order of the ranks.

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
        ranked.items.sort(key=lambda listed: listed.rank)
        # A repeated item would be counted as two hits.
        if len({listed.item_id for listed in ranked.items}) < len(ranked.items):
            raise InputError(f"{path}: line {number + 1}: the list names an item twice; make the lists anew")
        lists.append(ranked)
    return lists
