"""What is the same for all candidates of a list, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import exp, log1p

import pytest

from tests.ranking.features.tiny import user, values
from tests.shop import DAY, NOW, catalogue, item

ROW = user(
    bought={"a": (NOW - 60 * DAY, 2.0), "b": (NOW - 60 * DAY - 60_000, 2.0), "c": (NOW - 90 * DAY, 2.0), "gone": (NOW - 30 * DAY, 2.0)},
    seen={"d": (NOW, 10.0)},
)
"""Three items of the shop in two baskets. One that the shop no longer has is no item, but its purchase was a basket all the same."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user_items", log1p(3) / 5),
        ("user_baskets", log1p(3) / 3),
        ("user_basket_size", log1p(3 / 3) / 4),
        ("user_away", exp(-1)),
        ("user_interest", log1p(1 + 2 ** (-60_000 / (60 * DAY)) + 2**-0.5 + 3) / 4),
        ("list_size", log1p(3) / 7),
    ],
)
def test_a_feature_of_the_user_is_the_same_for_all_candidates(name: str, expected: float) -> None:
    shop = catalogue(*map(item, "abcd"))
    assert values(shop, name, ROW, kept=3) == pytest.approx(dict.fromkeys("abcd", expected))


@pytest.mark.parametrize("name", ["user_items", "user_baskets", "user_basket_size", "user_away", "user_interest"])
def test_of_a_user_without_a_history_all_is_nothing(name: str) -> None:
    assert set(values(catalogue(item("a")), name).values()) == {0.0}
