import gzip
import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from streamrec.cli.dataset import app
from streamrec.datasets.uci import COLUMNS, read_invoices
from streamrec.errors import InputError
from streamrec.events.types import Item, Purchase

SAMPLE = Path(__file__).parents[2] / "streamrec" / "datasets" / "uci_sample"

ROWS = [
    "2,10002,BLUE  POT ,3,2011-01-02 10:00:00,2.00,17850.0,France",
    "1,10001,RED MUG,6,2011-01-01 08:26:00,2.50,17850.0,United Kingdom",
    "1,10001,RED MUG,1,2011-01-01 08:26:00,2.75,17850.0,United Kingdom",
    "1,POST,POSTAGE,1,2011-01-01 08:26:00,2.75,17850.0,United Kingdom",
    "3,10001,?,1,2011-01-03 08:26:00,2.95,,United Kingdom",
    "4,10001,damaged,-5,2011-01-03 08:26:00,2.95,17851.0,United Kingdom",
    "5,10001,,5,2011-01-03 08:26:00,0,17851.0,United Kingdom",
    "C6,10001,RED MUG,-2,2011-01-04 08:26:00,2.50,17850.0,United Kingdom",
    "C7,10009,GHOST,-2,2011-01-04 08:26:00,2.50,17850.0,United Kingdom",
]


def unpacked(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


def cast(kind: type, value: object) -> object:
    return kind(value)


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    path = tmp_path / "invoices.csv"
    path.write_text("\n".join([",".join(COLUMNS), *ROWS]))
    return path


def test_every_row_is_an_event_or_is_counted_as_left_out(invoices: Path) -> None:
    table = read_invoices(invoices)
    assert table.rows == len(ROWS) == len(table.lines) + table.left_out.total()
    assert table.left_out == {
        "not a product": 1,
        "no customer": 1,
        "quantity": 1,
        "price": 1,
        "refund of a product that was never sold": 1,
    }


def test_events_come_in_time_order_with_the_row_of_the_invoice_in_their_id(invoices: Path) -> None:
    events = list(read_invoices(invoices).events())
    assert [event["event_id"] for event in events] == ["1-1", "1-2", "2-1", "C6-1"]
    assert events[0] == {
        "topic": "purchases",
        "event_id": "1-1",
        "user_id": "17850",
        "item_id": "10001",
        "ts": 1293870360000,
        "quantity": 6,
        "price": 2.5,
        "currency": "GBP",
        "order_id": "1",
        "action": "purchase",
        "country": "United Kingdom",
    }


def test_a_cancellation_is_a_refund_with_positive_quantity(invoices: Path) -> None:
    *_, refund = read_invoices(invoices).events()
    assert (refund["action"], refund["quantity"]) == ("refund", 2)


def test_an_item_has_its_last_price_its_first_sale_and_a_tidy_title(invoices: Path) -> None:
    mug, pot = read_invoices(invoices).items()
    assert (mug["title"], mug["price"], mug["created_ts"]) == ("RED MUG", 2.75, 1293870360000)
    assert pot["title"] == "BLUE POT"


def test_the_command_cuts_by_day_and_reads_and_writes_gzip(invoices: Path, tmp_path: Path) -> None:
    packed = tmp_path / "invoices.csv.gz"
    packed.write_bytes(gzip.compress(invoices.read_bytes()))
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["uci", str(packed), str(out), "--from", "2011-01-02", "--until", "2011-01-04", "--gzip", "--json"])
    assert json.loads(result.stdout)["events"] == 1
    assert [json.loads(line)["order_id"] for line in unpacked(out / "events.jsonl.gz")] == ["2"]
    assert len(unpacked(out / "items.jsonl.gz")) == 2


@pytest.mark.parametrize(("old", "new", "line"), [("2.75,17850.0,United", "dear,17850.0,United", 4), ("UnitPrice", "Price", 1)])
def test_a_malformed_file_is_refused_with_its_line(invoices: Path, old: str, new: str, line: int) -> None:
    invoices.write_text(invoices.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=f"line {line} "):
        read_invoices(invoices)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_invoices(tmp_path / "none.csv")


def test_the_shipped_sample_is_valid_on_the_wire_and_names_its_source() -> None:
    items = [msgspec.json.decode(line, type=Item, dec_hook=cast) for line in unpacked(SAMPLE / "items.jsonl.gz")]
    known = {item.item_id for item in items}
    events = [msgspec.json.decode(line, type=Purchase, dec_hook=cast) for line in unpacked(SAMPLE / "events.jsonl.gz")]
    assert {event.item_id for event in events} <= known
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    assert "10.24432/C5BW33" in (SAMPLE / "ATTRIBUTION.md").read_text()
