"""Which features speak for an item."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.batch.queries import queries
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.schema import DECLARED, FAMILIES, FEATURES, POSITION, USER
from streamrec.ranking.reasons.codes import baseless_for, codes, strongest
from streamrec.ranking.reasons.languages import words
from streamrec.state.decay import Tally
from streamrec.state.user import Said, UserRow
from tests.ranking.features.tiny import statistics, user
from tests.shop import NOW, catalogue, item, room

NOTHING = np.zeros(len(FEATURES), bool)
"""No feature speaks of what a viewer lacks."""
ROWS = st.lists(st.floats(-3, 3), min_size=len(FEATURES), max_size=len(FEATURES))
LITTLE = {feature.name for feature in DECLARED if feature.tells == "little"}


def told(few: bool = False, features: Mapping[str, float] | None = None, **contributions: float) -> list[str]:
    """What speaks where each feature adds that much, and is otherwise than in other candidates as its sentence says, or as given."""
    row, values = np.zeros((2, 1, 1, len(FEATURES)))
    for name, value in contributions.items():
        row[0, 0, POSITION[name]] = value
        values[0, 0, POSITION[name]] = (features or {}).get(name, -1.0 if name in LITTLE else 1.0)
    return codes(strongest(row, values, np.full((1, 1), few), NOTHING)[0, 0].tolist())


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
    for feature in ("idle", "fatigue"):
        assert told(features={feature: 0.5}, **{feature: 1.0}) == []
    assert told(features={"rebought": -1.0}, rebought=2.0, repeat=1.0) == ["bought_before"]


@given(ROWS)
def test_only_what_adds_to_the_score_is_a_reason(values: list[float]) -> None:
    row = np.array(values) * [name not in USER for name in FEATURES]
    for feature in strongest(row[None, None], np.sign(row)[None, None], np.zeros((1, 1), bool), NOTHING)[0, 0].tolist():
        assert feature == -1 or row[feature] > 0


def test_every_family_has_members_and_no_member_is_of_the_user() -> None:
    assert all(FAMILIES.values())
    assert not {name for names in FAMILIES.values() for name in names} & set(USER)


def speaks_of_the_viewer(code: str) -> bool:
    """By its English sentence. That "the host shows it" is so in the room of the viewer; and a stranger has rarely been shown anything."""
    sentence = words("en").sentences[code]
    return code != "rarely_shown" and re.search(r"\byour?\b|\bthe host\b", sentence, re.IGNORECASE) is not None


@pytest.mark.parametrize("feature", [feature for feature in DECLARED if feature.reason], ids=lambda feature: feature.name)
def test_a_feature_whose_sentence_speaks_of_the_viewer_names_the_fact_that_makes_it_true(feature: Feature) -> None:
    assert (feature.about is not None) == speaks_of_the_viewer(feature.reason)


@given(ROWS, ROWS)
def test_whatever_adds_to_a_score_nothing_speaks_to_a_stranger_of_what_they_did(added: list[float], values: list[float]) -> None:
    stranger = baseless_for(queries([UserRow()], [NOW], [None], catalogue(item("a"))))
    row = np.array(added) * [name not in USER for name in FEATURES]
    speak = strongest(row[None, None], np.array(values)[None, None], np.zeros((1, 1), bool), stranger[:, None])
    assert not [code for code in codes(speak[0, 0].tolist()) if speaks_of_the_viewer(code)]


AGO = NOW - 1000


@pytest.mark.parametrize(
    ("row", "in_room", "open_to"),
    [
        (UserRow(), None, set()),
        (UserRow(country="GB"), None, {"country"}),
        (UserRow(), "r", {"shelf", "on_air"}),
        (UserRow(said=[Said(AGO, "tea?")]), None, {"cross"}),
        (UserRow(spent=Tally(AGO, 2.0), orders=Tally(AGO, 1.0)), None, {"price", "price_gap"}),
        (user(seen={"a": (AGO, 1.0)}), None, {"seen", "category", "brand", "similarity", "covisits", "cross"}),
        (user(named={"a": (AGO, 1.0)}), None, {"mention", "category", "brand", "similarity", "covisits", "cross"}),
        (user(bought={"gone": (AGO, 1.0)}), None, set()),
        (
            user(bought={"a": (AGO, 1.0)}),
            None,
            {"owned", "owned_count", "owned_age", "repeat", "repeat_recency", "covisits_last", "follows", "similarity_last"}
            | {"category", "brand", "similarity", "covisits", "cross"},
        ),
    ],
)
def test_a_viewer_is_told_of_what_they_did_and_of_nothing_else(row: UserRow, in_room: str | None, open_to: set[str]) -> None:
    shop = catalogue(item("a"))
    shop.put_room(room("r", ["a"]))
    # A number stands for a country once an item was bought from there.
    shop.put_stats("a", statistics([1.0] * 4, countries=[("GB", 1.0)]))
    baseless = baseless_for(queries([UserRow(), row], [NOW] * 2, [None, in_room], shop))
    of_viewers = {feature.name for feature in DECLARED if feature.about}
    assert {name for name in FEATURES if not baseless[1, POSITION[name]]} == {*FEATURES} - of_viewers | open_to
    assert {name for name in FEATURES if baseless[0, POSITION[name]]} == of_viewers, "the viewers of a micro-batch do not mix"
