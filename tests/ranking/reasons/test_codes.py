"""Which features speak for an item."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.features.schema import DECLARED, FAMILIES, FEATURES, POSITION, USER
from streamrec.ranking.reasons.codes import codes, strongest

LITTLE = {feature.name for feature in DECLARED if feature.tells == "little"}


def told(few: bool = False, features: Mapping[str, float] | None = None, **contributions: float) -> list[str]:
    """What speaks where each feature adds that much, and is otherwise than in other candidates as its sentence says, or as given."""
    row, values = np.zeros((2, 1, 1, len(FEATURES)))
    for name, value in contributions.items():
        row[0, 0, POSITION[name]] = value
        values[0, 0, POSITION[name]] = (features or {}).get(name, -1.0 if name in LITTLE else 1.0)
    return codes(strongest(row, values, np.full((1, 1), few))[0, 0].tolist())


def test_features_that_say_much_the_same_count_together_and_the_strongest_of_them_speaks() -> None:
    assert told(on_air=1.5, popularity_1d=0.9, popularity_7d=1.0, shelf=0.1) == ["popular_this_week", "on_air", "in_this_room"]
    assert told(popularity_1d=2.0, popularity_30d=-2.5, freshness=0.2) == ["new"]
    assert told(similarity=-1.0) == []


def test_where_few_want_an_item_nothing_says_that_many_do() -> None:
    assert told(few=True, popularity_7d=3.0, country=2.0, popular=1.0, idle=0.5, shelf=0.1) == ["still_sold", "in_this_room"]


def test_nothing_says_that_there_is_much_of_what_there_is_no_more_of_than_in_others() -> None:
    """A negative weight rewards an item that nobody buys again, or that the user has not seen."""
    for feature in ("rebought", "seen", "repeat", "similarity", "trend_7d"):
        assert told(**{feature: 1.0}) != []
        for value in (-0.5, 0.0):
            assert told(features={feature: value}, **{feature: 1.0}) == []
    assert told(features={"idle": 0.5}, idle=1.0) == []
    assert told(features={"rebought": -1.0}, rebought=2.0, repeat=1.0) == ["bought_before"]


@given(st.lists(st.floats(-3, 3), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_only_what_adds_to_the_score_is_a_reason(values: list[float]) -> None:
    row = np.array(values) * [name not in USER for name in FEATURES]
    for feature in strongest(row[None, None], np.sign(row)[None, None], np.zeros((1, 1), bool))[0, 0].tolist():
        assert feature == -1 or row[feature] > 0


def test_every_family_has_members_and_no_member_is_of_the_user() -> None:
    assert all(FAMILIES.values())
    assert not {name for names in FAMILIES.values() for name in names} & set(USER)
