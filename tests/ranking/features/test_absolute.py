"""What a viewer's purchases of an item say of the next one, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import log1p

import pytest

from streamrec.state.user import UserRow
from tests.ranking.features.tiny import user, values
from tests.shop import DAY, NOW, catalogue, item

MINUTE = 60_000
SHOP = catalogue(*map(item, "abcd"))
WEEKLY, ONCE, BEFORE = (NOW - 7 * DAY, 2.0, 3, NOW - 21 * DAY), (NOW - 7 * DAY - 20 * MINUTE, 1.0, 1), (NOW - 9 * DAY, 1.0, 1)


def regular() -> UserRow:
    """Three baskets are known: that in which `a` came first, that of `c`, and that of `a` and `b` a week ago."""
    return user(bought={"a": WEEKLY, "b": ONCE, "c": BEFORE})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("owned_times", {"a": log1p(3) / 3, "b": log1p(1) / 3, "c": log1p(1) / 3}),
        ("owned_share", {"a": 1.0, "b": 1 / 3, "c": 1 / 3}),
        ("owned_due", {"a": 1.0, "b": 0.0, "c": 0.0}),
        ("owned_last", {"a": 1.0, "b": 1.0, "c": 0.0}),
        ("owned_before_last", {"a": 0.0, "b": 0.0, "c": 1.0}),
    ],
)
def test_how_often_and_when_a_viewer_bought_an_item(name: str, expected: dict[str, float]) -> None:
    assert values(SHOP, name, regular()) == pytest.approx(expected | {"d": 0.0})


@pytest.mark.parametrize("name", ["owned_times", "owned_share", "owned_due", "owned_last", "owned_before_last"])
def test_of_a_viewer_who_bought_nothing_nothing_is_said(name: str) -> None:
    assert not any(values(SHOP, name, user(seen={"a": (NOW, 1.0)})).values())


@pytest.mark.parametrize(("days", "expected"), [(7, 0.5), (14, 1.0), (28, 0.5), (56, 0.25)])
def test_an_item_is_due_when_the_usual_time_has_gone_by_and_less_before_and_after(days: int, expected: float) -> None:
    row = user(bought={"a": (NOW - days * DAY, 1.0, 2, NOW - (days + 14) * DAY)})
    assert values(SHOP, "owned_due", row)["a"] == pytest.approx(expected)


def test_purchases_within_half_a_day_are_one_errand() -> None:
    row = user(bought={"a": (NOW - MINUTE, 1.0, 2, NOW - 2 * MINUTE)})
    assert values(SHOP, "owned_due", row)["a"] == 1.0


@pytest.mark.parametrize("name", ["owned_times", "owned_share", "owned_due"])
def test_a_row_of_before_says_nothing_of_how_often(name: str) -> None:
    assert values(SHOP, name, user(bought={"a": (NOW - DAY, 2.0)}))["a"] == 0.0


def test_a_basket_that_is_the_only_one_has_none_before_it() -> None:
    row = user(bought={"a": (NOW - DAY, 1.0, 1), "b": (NOW - DAY - MINUTE, 1.0, 1)})
    assert not any(values(SHOP, "owned_before_last", row).values())
    assert values(SHOP, "owned_last", row) == {"a": 1.0, "b": 1.0, "c": 0.0, "d": 0.0}
