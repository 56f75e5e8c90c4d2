"""Amazon reviews as prepared for next-item prediction (valid.csv, test.csv, item.json of one category), as items and purchase events.

The files tell who took what in which order, but not when, and no prices. Times are made up: one event an hour, first what came before
the rows of the files (of every user the first thing, then every second, and so on), then the rows in their order. Prices are 0.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from streamrec.datasets.uci import open_text
from streamrec.errors import InputError

COLUMNS = ("user_id", "history_item_id", "item_id")
START_MS = 1_475_280_000_000
HOUR_MS = 3_600_000
CURRENCY = "USD"


class Row(NamedTuple):
    """One row of a file: what a user took, and up to ten things before it."""

    user_id: str
    history: list[str]
    item_id: str


@dataclass(frozen=True, slots=True)
class Reviews:
    """The items, and (user, item) in the order of the made-up times; the rows of valid.csv begin at `valid_from`,
    those of test.csv at `test_from` (ms)."""

    items: list[dict[str, Any]]
    taken: list[tuple[str, str]]
    valid_from: int
    test_from: int

    def events(self) -> Iterator[dict[str, Any]]:
        """A purchase for each, an order of its own."""
        for number, (user, item) in enumerate(self.taken):
            yield {
                "topic": "purchases",
                "event_id": f"{number}",
                "user_id": user,
                "item_id": item,
                "ts": START_MS + number * HOUR_MS,
                "price": 0,
                "currency": CURRENCY,
                "order_id": f"{number}",
            }


def read_reviews(folder: Path, category: str) -> Reviews:
    """Read CATEGORY.item.json, CATEGORY.valid.csv and CATEGORY.test.csv (or .gz) of a folder.

    Raises:
        InputError: a file is not there or cannot be read; the message names it.
    """
    valid, test = (list(_rows(_find(folder, f"{category}.{part}.csv"))) for part in ("valid", "test"))
    before: dict[str, list[str]] = {}
    for row in (*valid, *test):
        before.setdefault(row.user_id, row.history)
    early = sorted(
        ((place + 1) / (len(history) + 1), number, user, item)
        for number, (user, history) in enumerate(before.items())
        for place, item in enumerate(history)
    )
    taken = [(user, item) for _, _, user, item in early] + [(row.user_id, row.item_id) for row in (*valid, *test)]
    path = _find(folder, f"{category}.item.json")
    try:
        with open_text(path) as text:
            items = [_item(item_id, fields) for item_id, fields in msgspec.json.decode(text.read()).items()]
    except (OSError, EOFError, UnicodeDecodeError, msgspec.DecodeError, AttributeError, TypeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the item.json of the category") from exc
    test_from = START_MS + (len(taken) - len(test)) * HOUR_MS
    return Reviews(items, taken, test_from - len(valid) * HOUR_MS, test_from)


def _find(folder: Path, name: str) -> Path:
    found = [path for path in (folder / name, folder / f"{name}.gz") if path.exists()]
    if not found:
        raise InputError(f"{folder} has no {name} or {name}.gz; name the files' folder and, with --category, the first part of their names")
    return found[0]


def _rows(path: Path) -> Iterator[Row]:
    try:
        with open_text(path) as text:
            reader = csv.DictReader(text)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: line 1 lacks the columns {', '.join(missing)}; give the prepared reviews as CSV")
            for row in reader:
                try:
                    yield Row(row["user_id"], [str(item) for item in ast.literal_eval(row["history_item_id"])], row["item_id"])
                except (ValueError, TypeError, SyntaxError) as exc:
                    raise InputError(f"{path}: line {reader.line_num} cannot be read ({exc}); correct or remove it") from exc
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give a .csv or .csv.gz file") from exc


def _item(item_id: str, fields: dict[str, str]) -> dict[str, Any]:
    known = {"brand": fields.get("brand", "")[:200], "description": _plain(fields.get("description", ""))[:10_000]}
    title = " ".join(fields["title"].split())[:500] or item_id
    head = {"item_id": item_id, "title": title, "price": 0, "currency": CURRENCY, "lang": "en"}
    return head | {name: text for name, text in known.items() if text}


def _plain(description: str) -> str:
    """The text of a description, which the files hold as a Python list of paragraphs."""
    try:
        return " ".join(ast.literal_eval(description))
    except (ValueError, SyntaxError, TypeError):
        return description
