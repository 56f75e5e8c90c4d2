"""What people buy along with what the user took, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import log1p

import pytest

from streamrec.catalogue.catalogue import Catalogue
from tests.ranking.features.tiny import statistics, user, values
from tests.shop import DAY, NOW, catalogue, item


def shop() -> Catalogue:
    """Roots of purchases: a 3, b 2, c and d 1; `b` was bought with `a`, `c` after `a` and with `d`."""
    made = catalogue(*map(item, "abcd"))
    made.put_stats("a", statistics([8.0] * 4))
    made.put_stats("b", statistics([3.0] * 4, neighbours=[("a", 3.0)]))
    made.put_stats("c", statistics([0.0] * 4, neighbours=[("d", 0.6)], leaders=[("a", 1.5)]))
    return made


def test_covisits_are_the_cosine_of_purchases_weighed_by_interest() -> None:
    bought = user(bought={"a": (NOW, 1.0)})
    assert values(shop(), "covisits", bought) == pytest.approx({"a": 0.0, "b": log1p(100 * 3 / (3 * 2)), "c": 0.0, "d": 0.0})
    # Half of an interest is left after 60 days, and a view is 0.3 of a purchase.
    assert values(shop(), "covisits", user(seen={"a": (NOW - 60 * DAY, 2.0)}))["b"] == pytest.approx(log1p(100 * 0.3 * 0.5))
    assert values(shop(), "covisits", user(seen={"c": (NOW, 1.0)}))["d"] == pytest.approx(log1p(100 * 0.3 * 0.6))


def test_covisits_of_the_last_basket_count_what_lies_half_an_hour_back_and_all_of_it_alike() -> None:
    row = user(bought={"d": (NOW, 5.0), "a": (NOW - DAY, 5.0)}, seen={"a": (NOW, 1.0)})
    assert values(shop(), "covisits_last", row) == pytest.approx({"a": 0.0, "b": 0.0, "c": log1p(60), "d": 0.0})
    row.bought["d"].ts = NOW - DAY
    assert values(shop(), "covisits_last", row)["b"] == pytest.approx(log1p(50))


def test_follows_are_bought_after_the_last_basket_and_not_before_it() -> None:
    assert values(shop(), "follows", user(bought={"a": (NOW, 9.0)})) == pytest.approx({"a": 0.0, "b": 0.0, "c": log1p(50), "d": 0.0})
    assert not any(values(shop(), "follows", user(bought={"c": (NOW, 1.0)})).values())
    assert not any(values(shop(), "follows", user(seen={"a": (NOW, 1.0)})).values())
