"""Which features speak for an item."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.features.schema import DECLARED, FAMILIES, FEATURES, POSITION, USER
from streamrec.ranking.reasons.codes import CODES, codes, strongest

SIZE = len(FEATURES)
ROWS = st.lists(st.floats(-3, 3), min_size=SIZE, max_size=SIZE)
MASKS = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE)
LITTLE = {feature.name for feature in DECLARED if feature.tells == "little"}
SPEAKING = np.array([feature.reason != "" for feature in DECLARED])


def told(untrue: tuple[str, ...] = (), features: Mapping[str, float] | None = None, **contributions: float) -> list[str]:
    """What speaks where each feature adds that much, and is otherwise than in other candidates as its sentence says, or as given.

    A second place of the list has nothing of anything.
    """
    row, values = np.zeros((2, 1, 2, SIZE))
    holds = np.ones((1, 2, SIZE), bool)
    for name, value in contributions.items():
        row[0, 0, POSITION[name]] = value
        values[0, 0, POSITION[name]] = (features or {}).get(name, -1.0 if name in LITTLE else 1.0)
    values[0, 1, POSITION["list_size"]] = 1.0
    for name in untrue:
        holds[0, 0, POSITION[name]] = False
    return codes(strongest(row, values, holds)[0, 0].tolist())


def test_features_that_say_much_the_same_count_together_and_the_strongest_of_them_speaks() -> None:
    assert told(on_air=1.5, popularity_1d=0.9, popularity_7d=1.0, shelf=0.1) == ["popular_this_week", "on_air", "in_this_room"]
    assert told(popularity_1d=2.0, popularity_30d=-2.5, freshness=0.2) == ["new"]
    assert told(similarity=-1.0) == []


def test_where_a_reason_does_not_hold_the_next_of_its_family_speaks_with_what_it_adds() -> None:
    assert told(("popularity_7d", "country", "popular"), popularity_7d=3.0, country=2.0, popular=1.0, idle=0.5, shelf=0.1) == [
        "still_sold",
        "in_this_room",
    ]


def test_of_the_families_that_name_an_item_of_the_users_only_the_stronger_speaks() -> None:
    assert told(similarity=1.0, covisits=2.0, shelf=0.5) == ["bought_together", "in_this_room"]
    assert told(similarity=3.0, covisits=2.0, shelf=0.5) == ["similar_to_recent", "in_this_room"]
    assert told(("similarity",), similarity=3.0, covisits=2.0) == ["bought_together"]


def test_nothing_says_that_there_is_much_of_what_there_is_no_more_of_than_in_others() -> None:
    """A negative weight rewards an item that nobody buys again, or that the user has not seen."""
    for feature in ("rebought", "seen", "repeat", "similarity", "trend_7d"):
        assert told(**{feature: 1.0}) != []
        for value in (-0.5, 0.0):
            assert told(features={feature: value}, **{feature: 1.0}) == []
    assert told(features={"idle": 0.5}, idle=1.0) == []
    assert told(features={"rebought": -1.0}, rebought=2.0, repeat=1.0) == ["bought_before"]


def test_bert_speaks_only_for_what_fits_better_than_the_other_places_of_the_list() -> None:
    row, values = np.zeros((2, 1, 3, SIZE))
    row[:, :, POSITION["cross"]], values[0, :, POSITION["cross"]] = 1.0, [2.0, 0.4, -1.0]
    assert [codes(place) for place in strongest(row, values, np.ones(row.shape, bool))[0].tolist()] == [["fits_your_history"], [], []]


@given(ROWS, ROWS, MASKS)
def test_only_what_adds_to_the_score_and_holds_is_a_reason(added: list[float], values: list[float], holds: list[bool]) -> None:
    row = np.array(added) * SPEAKING
    speak = strongest(row[None, None], np.array(values)[None, None], (np.array(holds) & SPEAKING)[None, None])[0, 0].tolist()
    assert all(feature == -1 or (row[feature] > 0 and holds[feature]) for feature in speak)
    assert sum(DECLARED[feature].bond is not None for feature in speak if feature >= 0) <= 1


def test_every_family_has_members_and_no_member_is_of_the_user() -> None:
    assert all(FAMILIES.values())
    assert not {name for names in FAMILIES.values() for name in names} & set(USER)


def test_what_nothing_can_say_has_no_code() -> None:
    """To have been shown often only ever counts against an item: that it was rarely shown adds nothing."""
    assert "rarely_shown" not in CODES
