"""Why an item is in a list, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.types import RankedItem
from streamrec.ranking.features.schema import FEATURES, POSITION, USER
from streamrec.ranking.reasons import BY_CODE, FAMILIES, LITTLE, REASONS, codes, in_words, strongest

TITLES = {"i1": "RED {MUG}"}


def ranked(*codes: str, **facts: Any) -> RankedItem:
    return RankedItem(item_id="i0", rank=1, score=0.0, scores={}, reasons=list(codes), **facts)


def test_a_sentence_names_the_facts_that_are_known() -> None:
    assert in_words(ranked("bought_together", because="i1"), TITLES) == ["People who took RED {MUG} took it too."]
    assert in_words(ranked("bought_together", because="i9"), TITLES) == ["People who took i9 took it too."]
    assert in_words(ranked("bought_together"), TITLES) == ["People who took your recent items took it too."]
    assert in_words(ranked("popular_this_week", bought_7d=12), TITLES, "zh") == ["这周约有12人买了它。"]


def test_a_rule_is_named_and_an_unknown_code_stands_for_itself() -> None:
    assert in_words(ranked("rule:summer:1", "of_tomorrow"), {}) == ["The shop decided so (rule summer:1).", "of_tomorrow"]


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


def test_a_feature_is_in_one_family_at_most() -> None:
    named = [name for names in FAMILIES.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= set(REASONS)


@pytest.mark.parametrize("code", BY_CODE)
def test_every_reason_is_a_whole_sentence_in_both_languages_with_the_same_facts(code: str) -> None:
    reason = BY_CODE[code]
    for english, chinese in ((reason.en, reason.zh), (reason.longer_en, reason.longer_zh)):
        assert bool(english) == bool(chinese)
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese))
        if english:
            assert english.endswith(".")
            assert chinese.endswith("。")
            assert re.search(r"[\u4e00-\u9fff]", chinese)
