"""When the items of a data set are listed: each form by its day, and never later than what they sold first."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streamrec.cli.dataset import app
from streamrec.datasets.listings import FORMS, MOST_DAYS, listing, redated, relisted
from streamrec.datasets.uci import COLUMNS
from streamrec.errors import InputError
from streamrec.events.files import read_items
from streamrec.system.clock import DAY_MS

FIRST_SALE = int(datetime(2011, 3, 17, 9, 30, tzinfo=UTC).timestamp() * 1000)
FIRST_OF_MARCH = int(datetime(2011, 3, 1, tzinfo=UTC).timestamp() * 1000)
ITEM = {"item_id": "mug", "title": "red mug", "created_ts": FIRST_SALE}
ROWS = [
    "1,10001,RED MUG,6,2011-03-17 09:30:00,2.50,17850.0,United Kingdom",
    "2,10001,RED MUG,1,2011-03-19 09:30:00,2.50,17850.0,United Kingdom",
]
YEARS = st.integers(0, 4_000_000_000_000)


@pytest.mark.parametrize("form", [*FORMS, "0", "14", "9999"])
@given(item_id=st.text(min_size=1), first_sale=YEARS)
def test_an_item_is_never_listed_later_than_it_sold_first(form: str, item_id: str, first_sale: int) -> None:
    created = listing(form)(item_id, first_sale)
    assert created is None or created <= first_sale
    (item,) = relisted([{"item_id": item_id}], {item_id: first_sale}, form)
    assert 0 <= item.get("created_ts", 0) <= first_sale


@given(item_id=st.text(min_size=1), first_sale=YEARS)
def test_shuffled_draws_a_day_of_the_two_months_before_and_the_same_in_every_run(item_id: str, first_sale: int) -> None:
    created = listing("shuffled")(item_id, first_sale)
    assert created is not None
    assert first_sale - created <= MOST_DAYS * DAY_MS
    assert listing("shuffled")(item_id, first_sale) == created


def test_shuffled_listings_are_spread_over_the_whole_time() -> None:
    days = [(FIRST_SALE - (listing("shuffled")(f"item {number}", FIRST_SALE) or 0)) / DAY_MS for number in range(200)]
    assert min(days) < 10
    assert max(days) > 50


@pytest.mark.parametrize(
    ("form", "expected"),
    [("first-sale", FIRST_SALE), ("first-of-month", FIRST_OF_MARCH), ("14", FIRST_SALE - 14 * DAY_MS), ("never", None)],
)
def test_the_command_lists_items_as_it_is_told(form: str, expected: int | None, tmp_path: Path) -> None:
    (invoices := tmp_path / "invoices.csv").write_text("\n".join([",".join(COLUMNS), *ROWS]))
    result = CliRunner().invoke(app, ["uci", str(invoices), str(tmp_path / "out"), "--listed-before", form])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out" / "items.jsonl").read_text()).get("created_ts") == expected


def test_an_item_without_a_sale_stays_as_it_is() -> None:
    assert relisted([ITEM], {}, "never") == [ITEM]


@pytest.mark.parametrize("form", ["soon", "", "-3", "1.5", "99999", "\u0663"])
def test_a_form_that_there_is_not_is_an_error(form: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no time of listing"):
        listing(form)
    (invoices := tmp_path / "invoices.csv").write_text("\n".join([",".join(COLUMNS), *ROWS]))
    result = CliRunner().invoke(app, ["uci", str(invoices), str(tmp_path / "out"), f"--listed-before={form}"])
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()


def files(folder: Path, created: dict[str, int]) -> tuple[Path, Path]:
    """Items with these dates of listing, and events in which all but `never` are sold twice, first at FIRST_SALE."""
    items, events = folder / "items.jsonl", folder / "events.jsonl"
    plain = {"title": "red mug", "price": 1, "currency": "GBP"}
    items.write_text("".join(json.dumps(plain | {"item_id": name, "created_ts": ts}) + "\n" for name, ts in created.items()))
    sold = [
        {"topic": "purchases", "user_id": "u", "item_id": name, "order_id": str(at), "ts": FIRST_SALE + at, "price": 1, "currency": "GBP"}
        for at in (DAY_MS, 0)
        for name in created
        if name != "never"
    ]
    events.write_text("".join(json.dumps(line) + "\n" for line in sold))
    return items, events


def test_dates_of_listing_that_were_made_from_the_sales_are_drawn_anew(tmp_path: Path) -> None:
    items, events = files(tmp_path, {"mug": FIRST_SALE, "jug": FIRST_SALE, "lamp": FIRST_SALE - DAY_MS, "never": FIRST_SALE + 5})
    made = redated(items, events, tmp_path)
    assert made != items
    dates = {item.item_id: item.created_ts for item in read_items(made)}
    assert dates.pop("never") == FIRST_SALE + 5
    assert len(set(dates.values())) == 3
    assert all(FIRST_SALE - MOST_DAYS * DAY_MS <= date < FIRST_SALE for date in dates.values())


def test_items_that_were_listed_before_they_sold_keep_their_dates(tmp_path: Path) -> None:
    items, events = files(tmp_path, {"mug": FIRST_SALE - 1, "jug": FIRST_SALE, "lamp": FIRST_SALE - DAY_MS, "never": FIRST_SALE})
    assert redated(items, events, tmp_path) == items
