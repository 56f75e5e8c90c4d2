"""When the items of a data set of sales are listed: the data say when each was first sold, a shop lists it before that.

An item that is listed with its first sale is never on sale without having sold. In a shop most are, for days to weeks, so whatever is
measured on a data set should hold on several of these forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from streamrec.datasets.lines import write_lines
from streamrec.errors import InputError
from streamrec.events.codec import Event
from streamrec.events.files import read_events, read_items, read_lines
from streamrec.events.types import Item, Purchase
from streamrec.system.clock import DAY_MS

Listing = Callable[[str, int], int | None]
"""From an item's id and its first sale (ms) to its `created_ts`; None where it is not to have one."""
FORMS = ("first-sale", "first-of-month", "shuffled", "never")
MOST_DAYS = 60
"""How far before its first sale `shuffled` lists an item at most."""


def _first_of_month(item_id: str, first_sale: int) -> int:
    moment = datetime.fromtimestamp(first_sale / 1000, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp() * 1000)


def _shuffled(item_id: str, first_sale: int) -> int:
    # By the id, so that the same item is listed on the same day in every run.
    drawn = int.from_bytes(blake2b(item_id.encode(), digest_size=8).digest()) / 2**64
    return first_sale - round(drawn * MOST_DAYS * DAY_MS)


def listing(form: str) -> Listing:
    """The listing of a form: one of FORMS, or a number of days before the first sale.

    Raises:
        InputError: it is neither.
    """
    match form:
        case "first-sale":
            return lambda item_id, first_sale: first_sale
        case "first-of-month":
            return _first_of_month
        case "shuffled":
            return _shuffled
        case "never":
            return lambda item_id, first_sale: None
    if form.isascii() and form.isdigit() and len(form) < 5:
        return lambda item_id, first_sale: first_sale - int(form) * DAY_MS
    raise InputError(f"{form!r} says no time of listing; give {', '.join(FORMS)}, or a number of days before the first sale")


def first_sales(events: Iterable[Event]) -> dict[str, int]:
    """The time (ms) of each item's first sale."""
    found: dict[str, int] = {}
    for sale in events:
        if isinstance(sale, Purchase) and sale.action == "purchase":
            found[sale.item_id] = min(int(sale.ts), found.get(sale.item_id, int(sale.ts)))
    return found


def dated_by_sales(items: Iterable[Item], sales: Mapping[str, int]) -> bool:
    """Whether most items that sold were listed in the very millisecond of their first sale: their dates were made from the sales."""
    same = [item.created_ts == sales[item.item_id] for item in items if item.item_id in sales]
    return 2 * sum(same) > len(same)


def relisted(items: Iterable[dict[str, Any]], first_sales: dict[str, int], form: str) -> list[dict[str, Any]]:
    """Items as JSON objects with the `created_ts` of a form; those that never sold stay as they are.

    Raises:
        InputError: there is no such form.
    """
    when = listing(form)
    made = []
    for item in items:
        first_sale = first_sales.get(item["item_id"])
        if first_sale is not None:
            created = when(item["item_id"], first_sale)
            item = {name: value for name, value in item.items() if name != "created_ts"}
            if created is not None:
                item["created_ts"] = max(created, 0)
        made.append(item)
    return made


def relist(items: Path, sales: dict[str, int], form: str, out: Path) -> None:
    """Write the items as a form lists them.

    Raises:
        InputError: there is no such form, or the file cannot be read.
    """
    decode = msgspec.json.Decoder(dict).decode
    try:
        read = [decode(line) for _, line in read_lines(items)]
    except msgspec.DecodeError as exc:
        raise InputError(f"{items} is malformed ({exc}); make it anew with `streamrec dataset uci`") from exc
    out.parent.mkdir(parents=True, exist_ok=True)
    write_lines(out, relisted(read, sales, form))


def redated(items: Path, events: Path, folder: Path) -> Path:
    """The file of items, or one in `folder` whose dates of listing are drawn anew (`shuffled`), where they were made from the sales.

    A ranking that learns from such dates believes that what is listed is bought at once, and fails in a shop where items wait.

    Raises:
        InputError: a file is malformed.
    """
    sales = first_sales(line.event for line in read_events(events))
    if not dated_by_sales(read_items(items), sales):
        return items
    drawn = folder / "items-redated.jsonl"
    relist(items, sales, "shuffled", drawn)
    return drawn
