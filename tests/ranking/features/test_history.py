"""What the user did with an item or things of its kind, and what it costs, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import exp, log, log1p, nan

import pytest

from streamrec.state.decay import Tally
from tests.ranking.features.tiny import statistics, user, values
from tests.shop import DAY, NOW, catalogue, item


@pytest.mark.parametrize("name", ["category", "brand"])
def test_a_kind_counts_by_its_share_of_the_users_interest(name: str) -> None:
    mug, rake, hose, lamp = (item(item_id, **{name: kind}) for item_id, kind in zip("mrhl", ("x", "y", "x", None), strict=True))
    shop = catalogue(mug, rake, hose, lamp)
    # A purchase 60 days old is half of one: 3 * 0.5 of x, a mention (0.6) of y, and 0.9 of none.
    row = user(bought={"m": (NOW - 60 * DAY, 3.0)}, named={"r": (NOW, 1.0)}, seen={"l": (NOW, 3.0)})
    assert values(shop, name, row) == pytest.approx({"m": 0.5, "r": 0.2, "h": 0.5, "l": 0.0})
    assert not any(values(shop, name, user()).values())


def test_seen_counts_views_with_a_half_life_of_60_days() -> None:
    shop = catalogue(item("a"), item("b"))
    assert values(shop, "seen", user(seen={"a": (NOW - 60 * DAY, 3.0)})) == pytest.approx({"a": log1p(1.5), "b": 0.0})


ROW = user(bought={"a": (NOW - 60 * DAY, 3.0)}, seen={"b": (NOW, 1.0)})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("repeat", log1p(1.5)),
        ("repeat_recency", exp(-2)),
        ("owned", 1.0),
        ("owned_count", 0.4 * log1p(1.5)),
        ("owned_age", exp(-2)),
    ],
)
def test_what_was_bought_counts_by_how_much_and_how_long_ago(name: str, expected: float) -> None:
    assert values(catalogue(item("a"), item("b")), name, ROW) == pytest.approx({"a": expected, "b": 0.0})


def test_a_price_is_a_logarithm_and_its_gap_the_way_to_what_the_user_usually_pays() -> None:
    shop = catalogue(item("cheap", price=5.0), item("dear", price=40.0), item("free", price=0.0))
    assert values(shop, "price") == pytest.approx({"cheap": log(5), "dear": log(40), "free": nan}, rel=1e-6, nan_ok=True)
    assert values(shop, "price_gap") == pytest.approx({"cheap": nan, "dear": nan, "free": nan}, nan_ok=True)
    row = user()
    row.spent, row.orders = Tally(NOW, 2 * log(10)), Tally(NOW, 2.0)
    assert values(shop, "price_gap", row) == pytest.approx({"cheap": log(2), "dear": log(4), "free": nan}, rel=1e-6, nan_ok=True)


def test_owned_rebuy_is_how_many_buy_an_item_again_for_those_who_have_it() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    for item_id, again in (("a", 3.0), ("b", 0.0), ("c", 3.0)):
        shop.put_stats(item_id, statistics([0.0, 0.0, 0.0, 4.0], again=again))
    usual = 6 / 12
    row = user(bought={"a": (NOW, 1.0), "b": (NOW, 1.0)})
    assert values(shop, "owned_rebuy", row) == pytest.approx({"a": (3 + 2 * usual) / 6, "b": 2 * usual / 6, "c": 0.0})
