import csv
import gzip
import json
import re
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streamrec.cli.dataset import app
from streamrec.datasets.lines import write_lines
from streamrec.datasets.uci import COLUMNS, read_invoices
from streamrec.errors import InputError
from streamrec.events.files import read_events, read_items
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
    assert table.rows == len(ROWS) == len(table.lines) + table.left_out.counts.total()
    assert table.left_out.counts == {
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


MALFORMED = {
    "a price that is no number": ("2.75,17850.0,United", "dear,17850.0,United", "line 4 cannot be read (UnitPrice is 'dear', no number)"),
    "a column of another name": ("UnitPrice", "Price", "line 1 lacks the columns UnitPrice; it has InvoiceNo, StockCode,"),
    "another order of the date": (
        "2011-01-02 10:00:00",
        "1/2/2011 10:00",
        "line 2 cannot be read (InvoiceDate is '1/2/2011 10:00', not of the form",
    ),
    "half a piece": ("MUG,6,", "MUG,6.5,", "line 3 cannot be read (Quantity is '6.5', no whole number)"),
    "endlessly many pieces": ("MUG,6,", "MUG,inf,", "line 3 cannot be read (Quantity is 'inf', no whole number)"),
    "a customer without a number": ("17850.0,France", "inf,France", "line 2 cannot be read (CustomerID is 'inf', no whole number)"),
    "a quote that ends with the file": ("RED MUG,6", '"RED MUG,6', "line 3 is no row of CSV"),
    "a quote that a later one closes": ("RED MUG,6,2011", '"RED MUG,6,2011', "line 3: a quoted field begins there and does not end on it"),
    "a field too many": ("2.75,17850.0,United", "2,75,17850.0,United", "line 4 has 9 fields, and line 1 has 8"),
    "a row cut off": (",17850.0,France", "", "line 2 has 6 fields"),
}


@pytest.mark.parametrize(("old", "new", "complaint"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_refused_with_its_line(invoices: Path, old: str, new: str, complaint: str) -> None:
    text = invoices.read_text().replace(old, new, 1)
    if "does not end" in complaint:
        text = text.replace("POSTAGE,1", 'POSTAGE",1', 1)
    invoices.write_text(text)
    with pytest.raises(InputError, match=re.escape(complaint)):
        read_invoices(invoices)


def test_a_file_in_another_encoding_is_refused_with_line_and_byte(invoices: Path) -> None:
    invoices.write_bytes(invoices.read_bytes().replace(b"RED MUG,6", "CAFÉ MUG,6".encode("latin-1")))
    with pytest.raises(InputError, match=r"line 3 is not UTF-8 \(byte 0xc9\); convert the file"):
        read_invoices(invoices)


def test_a_packed_file_that_is_cut_off_or_none_is_refused(invoices: Path, tmp_path: Path) -> None:
    packed = tmp_path / "invoices.csv.gz"
    whole = gzip.compress(invoices.read_bytes())
    for content in (whole[:-20], invoices.read_bytes(), whole[:30] + b"\xff" * 40 + whole[70:]):
        packed.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read"):
            read_invoices(packed)


def test_a_byte_order_mark_blanks_in_the_head_and_blank_lines_do_not_matter(invoices: Path) -> None:
    plain = read_invoices(invoices).lines
    text = invoices.read_text().replace(",StockCode,", ", StockCode ,", 1)
    invoices.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n\r\n").encode())
    assert [line._replace(row=0) for line in read_invoices(invoices).lines] == [line._replace(row=0) for line in plain]


def test_an_offset_counts_and_a_time_without_one_is_utc(invoices: Path) -> None:
    invoices.write_text(invoices.read_text().replace("2011-01-02 10:00:00", "2011-01-02T10:00:00+05:00"))
    assert {event["event_id"]: event["ts"] for event in read_invoices(invoices).events()}["2-1"] == 1293944400000


ODD = {
    "country": ("8", "RED MUG", "1", "2011-01-05", "2.5", "1", "  "),
    "price": ("8", "RED MUG", "1", "2011-01-05", "inf", "1", "France"),
    "no price": ("8", "RED MUG", "1", "2011-01-05", "nan", "1", "France"),
    "dear": ("8", "RED MUG", "1", "2011-01-05", "1e13", "1", "France"),
    "quantity": ("8", "RED MUG", "1000001", "2011-01-05", "2.5", "1", "France"),
    "long title": ("8", "x" * 600, "1", "2011-01-05", "2.5", "1", "France"),
    "long ago": ("8", "RED MUG", "1", "1999-12-31", "2.5", "1", "France"),
    "far ahead": ("8", "RED MUG", "1", "9999-12-31", "2.5", "1", "France"),
    "no invoice": ("", "RED MUG", "1", "2011-01-05", "2.5", "1", "France"),
    "long country": ("8", "RED MUG", "1", "2011-01-05", "2.5", "1", "F" * 300),
    "long invoice": ("8" * 200, "RED MUG", "1", "2011-01-05", "2.5", "1", "France"),
    "control": ("8\x07", "RED MUG", "1", "2011-01-05", "2.5", "1", "France"),
}
KEPT = {"country", "long title"}


@pytest.mark.parametrize("name", ODD)
def test_what_a_reader_would_refuse_is_left_out_with_its_line_and_the_rest_is_read(invoices: Path, tmp_path: Path, name: str) -> None:
    invoice, title, *rest = ODD[name]
    with invoices.open("a") as file:
        file.write("\n" + ",".join([invoice, "10077", title, *rest]))
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["uci", str(invoices), str(out), "--json"])
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["events"] == len(list(read_events(out / "events.jsonl"))) == (5 if name in KEPT else 4)
    assert summary["items"] == len(read_items(out / "items.jsonl")) == (3 if name in KEPT else 2)
    assert summary["rows"] == summary["events"] + sum(summary["left_out"].values())
    assert any("line 11" in places for places in summary["left_out_first"].values()) == (name not in KEPT)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "InvoiceNo": st.sampled_from(["1", "C1", "x" * 130, ""]) | st.text(max_size=5),
                "StockCode": st.sampled_from(["10001", "10002A", "10003" + "x" * 130]),
                "Description": st.text(max_size=5) | st.just("y" * 501),
                "Quantity": st.integers().map(str) | st.sampled_from(["1", "-1", "2.0", "1e3", ""]),
                "InvoiceDate": st.datetimes().map(str) | st.sampled_from(["2011-01-01 10:00:00", "0001-01-01T00:00:00+14:00"]),
                "UnitPrice": st.floats().map(str) | st.just("1.5"),
                "CustomerID": st.integers().map(str) | st.text(max_size=3) | st.just("17850.0"),
                "Country": st.text(max_size=3),
            }
        ),
        max_size=4,
    )
)
def test_whatever_is_written_is_read(rows: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "invoices.csv").open("w", encoding="utf-8", newline="", errors="replace") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        try:
            table = read_invoices(folder / "invoices.csv")
        except InputError:
            return
        items, events = (write_lines(folder / f"{part}.jsonl", of()) for part, of in (("items", table.items), ("events", table.events)))
        assert len(read_items(folder / "items.jsonl")) == items
        assert len(list(read_events(folder / "events.jsonl"))) == events == table.rows - table.left_out.counts.total()


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
