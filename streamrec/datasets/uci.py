"""UCI Online Retail (Chen 2015, doi 10.24432/C5BW33) as items and purchase events.

A row of the file is one line of an invoice. Rows that cannot be a purchase or a refund of a product by a known customer are
left out and counted by reason; everything else is kept as it is.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

import msgspec

from streamrec.errors import InputError

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
CURRENCY = "GBP"
Wrap = Callable[[BinaryIO], BinaryIO]


class Line(NamedTuple):
    """A kept line of an invoice; `ts` in ms since the epoch, `quantity` positive."""

    ts: int
    invoice: str
    number: int
    code: str
    description: str
    quantity: int
    price: float
    user_id: str
    country: str
    refund: bool


@dataclass(slots=True)
class Invoices:
    """The kept lines in time order (ties in the order of the file) and how many rows were left out, by reason."""

    lines: list[Line] = field(default_factory=list)
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def items(self) -> list[dict[str, Any]]:
        """One item per product: its most frequent description, its last price, the time of its first sale."""
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
                yield {
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
                    "country": line.country,
                }


def read_invoices(path: Path, wrap: Wrap | None = None) -> Invoices:
    """Read `invoices.csv`, or `.csv.gz`; `wrap` may watch the bytes go by.

    Raises:
        InputError: the file is not there, lacks a column, or a field of a row cannot be read; the message names file and line.
    """
    invoices = Invoices()
    seen: Counter[str] = Counter()
    try:
        with open_text(path, wrap) as text:
            reader = csv.DictReader(text)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: line 1 lacks the columns {', '.join(missing)}; give the invoices of UCI Online Retail as CSV")
            for row in reader:
                invoices.rows += 1
                seen[row["InvoiceNo"]] += 1
                try:
                    kept = parse_row(row, seen[row["InvoiceNo"]])
                except (ValueError, TypeError, AttributeError) as exc:
                    raise InputError(f"{path}: line {reader.line_num} cannot be read ({exc}); correct or remove it") from exc
                if isinstance(kept, str):
                    invoices.left_out[kept] += 1
                else:
                    invoices.lines.append(kept)
    except (OSError, EOFError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read: {exc}; give the path of invoices.csv or invoices.csv.gz") from exc
    sold = {line.code for line in invoices.lines if not line.refund}
    invoices.left_out["refund of a product that was never sold"] += sum(line.code not in sold for line in invoices.lines)
    invoices.lines = sorted((line for line in invoices.lines if line.code in sold), key=lambda line: line.ts)
    invoices.left_out = +invoices.left_out
    return invoices


def parse_row(row: dict[str, str], number: int) -> Line | str:
    """The line, or the reason why the row is left out. `number` counts the rows of the invoice from 1."""
    code = row["StockCode"].strip()
    if len(code) < 5 or not (code[:5].isascii() and code[:5].isdigit()):
        return "not a product"
    if not row["CustomerID"].strip():
        return "no customer"
    quantity, price, refund = int(row["Quantity"]), float(row["UnitPrice"]), row["InvoiceNo"].startswith("C")
    if quantity == 0 or (quantity < 0) != refund:
        return "quantity"
    if not price > 0:
        return "price"
    return Line(
        ts=int(datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC).timestamp() * 1000),
        invoice=row["InvoiceNo"],
        number=number,
        code=code,
        description=" ".join(row["Description"].split()),
        quantity=abs(quantity),
        price=price,
        user_id=str(int(float(row["CustomerID"]))),
        country=row["Country"],
        refund=refund,
    )


def day_ms(day: date) -> int:
    """Midnight UTC of `day` in ms since the epoch."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


@contextmanager
def open_text(path: Path, wrap: Wrap | None = None) -> Iterator[TextIO]:
    """UTF-8 text of a file that is gzip-compressed when its name ends in `.gz`."""
    with path.open("rb") as raw:
        watched = wrap(raw) if wrap else raw
        with io.TextIOWrapper(gzip.GzipFile(fileobj=watched) if path.suffix == ".gz" else watched, "utf-8", newline="") as text:
            yield text


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines and return how many; a name that ends in `.gz` is compressed, with the same bytes for the same lines."""
    encoder, count = msgspec.json.Encoder(), 0
    with path.open("wb") as raw:
        out: Any = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw
        for record in records:
            out.write(encoder.encode(record) + b"\n")
            count += 1
        if out is not raw:
            out.close()
    return count
