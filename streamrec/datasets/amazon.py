"""Amazon reviews as prepared for next-item prediction (valid.csv, test.csv, item.json of one category), as items and purchase events.

The files say who took what in which order, but neither when nor at what price. Prices are 0, and times are made up, one event an hour:
first the histories, interleaved by how far along its user's history an item lies, then the rows in their order.
"""

from __future__ import annotations

import ast
import html
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from streamrec.datasets.lines import fault
from streamrec.datasets.tables import LeftOut, open_text, read_rows
from streamrec.errors import InputError
from streamrec.system.clock import HOUR_MS

COLUMNS = ("user_id", "history_item_id", "item_id")
START_MS = 1_475_280_000_000
CURRENCY = "USD"
SCRIPT = "getTime()"
"""Where the crawler took a page's script for its title, the title holds this call; the authors of the data set drop such titles."""


class Row(NamedTuple):
    """A row of a file: the item that a user took, and up to ten before it."""

    user_id: str
    history: list[str]
    item_id: str


@dataclass(frozen=True, slots=True)
class Reviews:
    """The items, and (user, item) pairs in the order of the made-up times.

    The rows of valid.csv begin at `valid_from`, and those of test.csv at `test_from` (ms).
    """

    items: list[dict[str, Any]]
    taken: list[tuple[str, str]]
    valid_from: int
    test_from: int
    left_out: LeftOut

    def events(self) -> Iterator[dict[str, Any]]:
        """A purchase for each pair, each an order of its own."""
        for number, (user, item) in enumerate(self.taken):
            yield _event(number, user, item)


def read_reviews(folder: Path, category: str) -> Reviews:
    """Read CATEGORY.item.json, CATEGORY.valid.csv and CATEGORY.test.csv (or .gz) of a folder.

    Raises:
        InputError: a file is not there or cannot be read; the message names it.
    """
    left_out = LeftOut()
    valid, test = (list(_rows(_find(folder, f"{category}.{part}.csv"), left_out)) for part in ("valid", "test"))
    before: dict[str, list[str]] = {}
    for row in (*valid, *test):
        # A user's first row has the oldest history; those after it would tell the same again.
        before.setdefault(row.user_id, row.history)
    # By how far along its user's history an item lies, so that no user's past is over before another's begins.
    early = sorted(
        ((place + 1) / (len(history) + 1), number, user, item)
        for number, (user, history) in enumerate(before.items())
        for place, item in enumerate(history)
    )
    taken = [(user, item) for _, _, user, item in early] + [(row.user_id, row.item_id) for row in (*valid, *test)]
    items = list(_items(_find(folder, f"{category}.item.json"), left_out))
    test_from = START_MS + (len(taken) - len(test)) * HOUR_MS
    return Reviews(items, taken, test_from - len(valid) * HOUR_MS, test_from, left_out)


def _find(folder: Path, name: str) -> Path:
    present = [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]
    if not present:
        raise InputError(f"{folder} has no {name} or {name}.gz; name the files' folder and, with --category, the first part of their names")
    return present[0]


def _rows(path: Path, left_out: LeftOut) -> Iterator[Row]:
    for line, fields in read_rows(path, COLUMNS, "the prepared reviews"):
        try:
            history = ast.literal_eval(fields["history_item_id"])
            if not isinstance(history, list):
                raise TypeError(f"history_item_id is {fields['history_item_id'][:40]!r}, no list")
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as exc:
            raise InputError(f"{path}: line {line} cannot be read ({exc}); correct or remove it") from exc
        row = Row(fields["user_id"], [str(item) for item in history], fields["item_id"])
        wrong = next((why for item in (*row.history, row.item_id) if (why := fault("purchases", _event(0, row.user_id, item)))), None)
        if wrong is None:
            yield row
        else:
            left_out.add(f"no valid event: {wrong}", f"{path.name} line {line}")


def _event(number: int, user: str, item: str) -> dict[str, Any]:
    return {
        "topic": "purchases",
        "event_id": f"{number}",
        "user_id": user,
        "item_id": item,
        "ts": START_MS + number * HOUR_MS,
        "price": 0,
        "currency": CURRENCY,
        "order_id": f"{number}",
    }


def _items(path: Path, left_out: LeftOut) -> Iterator[dict[str, Any]]:
    try:
        with open_text(path) as text:
            catalogue = json.load(text)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the item.json of the category") from exc
    if not isinstance(catalogue, dict):
        raise InputError(f"{path} cannot be read: it holds no object of items by their ids; give the item.json of the category")
    for item_id, fields in catalogue.items():
        item = _item(item_id, fields if isinstance(fields, dict) else {})
        if wrong := fault("items", item):
            left_out.add(f"no valid item: {wrong}", f"item {item_id[:40]!r}")
        else:
            yield item


def _item(item_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    title, brand = (_text(fields, name) for name in ("title", "brand"))
    known = {"brand": brand[:200], "description": _text(fields, "description")[:10_000]}
    shown = item_id if not title or SCRIPT in title else title[:500]
    head = {"item_id": item_id, "title": shown, "price": 0, "currency": CURRENCY, "lang": "en"}
    return head | {name: text for name, text in known.items() if text}


def _text(fields: dict[str, Any], name: str) -> str:
    """A field's text on one line, with HTML entities decoded; empty if the field is missing."""
    text = fields.get(name)
    if not isinstance(text, str):
        return ""
    text = text.encode("utf-8", "replace").decode()  # JSON can hold halves of surrogates, which no text in UTF-8 can
    return " ".join(html.unescape(_plain(text) if name == "description" else text).split())


def _plain(description: str) -> str:
    """The text of a description, which the files hold as a Python list of paragraphs."""
    try:
        return " ".join(ast.literal_eval(description))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return description
