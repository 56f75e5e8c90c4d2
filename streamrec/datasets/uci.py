"""UCI Online Retail (Chen 2015, doi 10.24432/C5BW33) as items and purchase events.

A row of the file is one line of an invoice. Rows that cannot be a purchase or a refund of a product by a known customer are
left out and counted by reason; all others are kept unchanged.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from streamrec.datasets.lines import fault
from streamrec.datasets.tables import LeftOut, Wrap, read_rows
from streamrec.errors import InputError

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"
TITLE = 500
"""Longest title that the wire type takes."""
# Longer numerals are no numbers of this file, and Python's conversion of a long one takes quadratic time.
DIGITS = 40


class Line(NamedTuple):
    """A kept line of an invoice; `ts` in ms since the epoch, `quantity` positive, `row` the line of the file."""

    row: int
    ts: int
    invoice: str
    number: int
    code: str
    description: str
    quantity: int
    price: float
    user_id: str
    country: str | None
    refund: bool


@dataclass(slots=True)
class Invoices:
    """The kept lines in time order (ties in the order of the file), and how many rows were left out for which reason."""

    lines: list[Line] = field(default_factory=list)
    rows: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)

    def items(self) -> list[dict[str, Any]]:
        """An item for each product: its most frequent description, its last price and the time of its first sale."""
        titles: dict[str, Counter[str]] = defaultdict(Counter)
        first: dict[str, int] = {}
        price: dict[str, float] = {}
        for line in self.lines:
            if not line.refund:
                if line.description:
                    titles[line.code][line.description] += 1
                first.setdefault(line.code, line.ts)
                price[line.code] = line.price
        return [
            {
                "item_id": code,
                "title": titles[code].most_common(1)[0][0] if code in titles else code,
                "price": price[code],
                "currency": CURRENCY,
                "created_ts": ts,
                "lang": "en",
            }
            for code, ts in first.items()
        ]

    def events(self, start_ms: int | None = None, until_ms: int | None = None) -> Iterator[dict[str, Any]]:
        """Purchases and refunds with `start_ms` ≤ ts < `until_ms`."""
        for line in self.lines:
            if (start_ms is None or line.ts >= start_ms) and (until_ms is None or line.ts < until_ms):
                yield _event(line)


def read_invoices(path: Path, wrap: Wrap | None = None) -> Invoices:
    """Read `invoices.csv` or `.csv.gz`. `wrap` may watch the bytes, for a progress bar.

    Raises:
        InputError: the file is not there, lacks a column, or a field of a row cannot be read; the message names file and line.
    """
    invoices = Invoices()
    seen: Counter[str] = Counter()
    for number, row in read_rows(path, COLUMNS, "the invoices of UCI Online Retail", wrap):
        invoices.rows += 1
        seen[row["InvoiceNo"]] += 1
        try:
            kept = parse_row(row, number, seen[row["InvoiceNo"]])
        except ValueError as exc:
            raise InputError(f"{path}: line {number} cannot be read ({exc}); correct or remove it") from exc
        if isinstance(kept, Line) and (wrong := fault("purchases", _event(kept))):
            kept = f"no valid event: {wrong}"
        if isinstance(kept, str):
            invoices.left_out.add(kept, f"line {number}")
        else:
            invoices.lines.append(kept)
    # An item comes from its sales: without one there is no title and no price.
    sold = {line.code for line in invoices.lines if not line.refund}
    for line in invoices.lines:
        if line.code not in sold:
            invoices.left_out.add("refund of a product that was never sold", f"line {line.row}")
    invoices.lines = sorted((line for line in invoices.lines if line.code in sold), key=lambda line: line.ts)
    return invoices


def parse_row(row: dict[str, str], at: int, number: int) -> Line | str:
    """The invoice line in a row, or the reason why it is left out. `at` is its line in the file; `number` counts the invoice's rows from 1.

    Raises:
        ValueError: a field cannot be read; the message names it.
    """
    # Codes of products begin with five digits; others stand for postage, fees, corrections and samples.
    code = row["StockCode"].strip()
    if len(code) < 5 or not (code[:5].isascii() and code[:5].isdigit()):
        return "not a product"
    if not row["CustomerID"].strip():
        return "no customer"
    quantity, refund = _whole(row, "Quantity"), row["InvoiceNo"].startswith("C")
    # Cancelled invoices (C…) have negative quantities; all other mixtures are corrections of stock.
    if quantity == 0 or (quantity < 0) != refund:
        return "quantity"
    price = _number(row, "UnitPrice")
    if not 0 < price < math.inf:
        return "price"
    return Line(
        row=at,
        ts=_moment(row, "InvoiceDate"),
        invoice=row["InvoiceNo"],
        number=number,
        code=code,
        description=" ".join(row["Description"].split())[:TITLE],
        quantity=abs(quantity),
        price=price,
        user_id=str(_whole(row, "CustomerID")),
        country=row["Country"] if row["Country"].strip() else None,
        refund=refund,
    )


def _event(line: Line) -> dict[str, Any]:
    event = {
        "topic": "purchases",
        "event_id": f"{line.invoice}-{line.number}",
        "user_id": line.user_id,
        "item_id": line.code,
        "ts": line.ts,
        "quantity": line.quantity,
        "price": line.price,
        "currency": CURRENCY,
        "order_id": line.invoice,
        "action": "refund" if line.refund else "purchase",
    }
    return event if line.country is None else event | {"country": line.country}


def _number(row: dict[str, str], name: str) -> float:
    try:
        return float(row[name])
    except ValueError:
        raise ValueError(f"{name} is {row[name]!r}, no number") from None


def _whole(row: dict[str, str], name: str) -> int:
    """A whole number, also as pandas writes it (17850.0)."""
    text = row[name].strip()
    digits, _, zeros = text.partition(".")
    if not digits.removeprefix("-").isdecimal() or zeros.strip("0") or len(text) > DIGITS:
        raise ValueError(f"{name} is {row[name][:DIGITS]!r}, no whole number")
    return int(digits)


def _moment(row: dict[str, str], name: str) -> int:
    """Milliseconds since the epoch; a time without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(row[name].strip())
    except ValueError:
        raise ValueError(f"{name} is {row[name]!r}, not of the form 2010-12-01 08:26:00: convert the column") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def day_ms(day: date) -> int:
    """Midnight UTC of `day` in ms since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
