"""How an item sells, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import exp, log, log1p, nan

import pytest

from tests.ranking.features.tiny import statistics, user, values
from tests.shop import DAY, NOW, catalogue, item

SHARES = {"popularity_1d": 2.0**-7, "popularity_7d": 0.5, "popularity_30d": 2 ** (-7 / 30), "popularity_90d": 2 ** (-7 / 90)}


@pytest.mark.parametrize("name", SHARES)
def test_popularity_counts_purchases_and_a_tenth_of_views_and_halves_by_its_half_life(name: str) -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", statistics([8.0] * 4, NOW - 7 * DAY, seen=[10.0] * 4))
    assert values(shop, name) == pytest.approx({"a": log1p(9 * SHARES[name]), "b": 0.0})


@pytest.mark.parametrize(("name", "steady", "risen"), [("trend_7d", [1, 7, 30, 90], 14), ("trend_30d", [1, 7, 30, 90], 60)])
def test_a_steady_rate_has_no_trend_and_a_doubled_one_is_above_it(name: str, steady: list[float], risen: float) -> None:
    shop = catalogue(item("steady"), item("risen"), item("fell"), item("never"))
    shop.put_stats("steady", statistics(steady))
    doubled, ended = list(steady), list(steady)
    place = 1 if name == "trend_7d" else 2
    doubled[place], ended[place] = risen, 0.0
    shop.put_stats("risen", statistics(doubled))
    shop.put_stats("fell", statistics(ended))
    longer = 30 if name == "trend_7d" else 90
    expected = {"steady": 0.0, "risen": log((2 * longer + 1) / (longer + 1)), "fell": -log(longer + 1), "never": nan}
    assert values(shop, name) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_only_purchases_from_the_users_own_country_count_and_halve_in_a_month() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", statistics([9.0] * 4, NOW - 30 * DAY, countries=[("FR", 5.0), ("GB", 4.0)]))
    row = user()
    assert values(shop, "country", row) == {"a": 0.0, "b": 0.0}
    row.country = "GB"
    assert values(shop, "country", row) == pytest.approx({"a": log1p(2), "b": 0.0})


@pytest.mark.parametrize("name", ["freshness", "age"])
def test_an_item_is_as_fresh_as_the_earliest_that_is_known_of_it(name: str) -> None:
    shop = catalogue(item("made", created_ts=NOW - 30 * DAY), item("sold", created_ts=NOW - 3 * DAY), item("nothing"))
    shop.put_stats("sold", statistics([1.0] * 4, first_ts=NOW - 60 * DAY))
    unknown = nan if name == "freshness" else 0.0
    assert values(shop, name) == pytest.approx({"made": exp(-1), "sold": exp(-2), "nothing": unknown}, nan_ok=True)


def test_an_item_is_idle_since_its_last_sale_and_nobody_knows_of_one_that_never_sold() -> None:
    shop = catalogue(item("a"), item("b"), item("never"))
    shop.put_stats("a", statistics([1.0] * 4, sold_ts=NOW - 9 * DAY))
    shop.put_stats("b", statistics([1.0] * 4, sold_ts=NOW + DAY))
    assert values(shop, "idle") == pytest.approx({"a": log(10), "b": 0.0, "never": nan}, nan_ok=True)


def test_rebought_is_the_share_of_buyers_who_had_it_with_two_usual_purchases_of_doubt() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", statistics([0.0, 0.0, 0.0, 4.0], again=3.0))
    usual = 3 / 4
    assert values(shop, "rebought") == pytest.approx({"a": (3 + 2 * usual) / 6, "b": usual})


def test_nobody_rebuys_in_a_shop_without_sales() -> None:
    assert values(catalogue(item("a")), "rebought") == {"a": 0.0}


@pytest.mark.parametrize(("name", "place"), [("newcomers_7d", 1), ("newcomers_30d", 2)])
def test_what_newcomers_bought_fades_by_its_half_life(name: str, place: int) -> None:
    shop = catalogue(item("a"), item("b"))
    bought = [0.0] * 4
    bought[place] = 6.0
    shop.put_stats("a", statistics([6.0] * 4, NOW - (7, 30)[place - 1] * DAY, newcomers=bought))
    assert values(shop, name) == pytest.approx({"a": 0.25 * log(4), "b": 0.0})


def test_popular_is_a_tenth_of_the_popularity_of_a_month() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_stats("a", statistics([0.0, 0.0, 8.0, 0.0], NOW - 30 * DAY))
    assert values(shop, "popular") == pytest.approx({"a": 0.1 * log(5), "b": 0.0})
