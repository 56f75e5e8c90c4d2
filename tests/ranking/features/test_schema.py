"""What follows from the declarations of features."""

from __future__ import annotations

import inspect
import math
from typing import get_args

import numpy as np
import pytest

from streamrec.ranking.features.declaration import Feature, Scope
from streamrec.ranking.features.schema import DECLARED, FEATURES, MODULES, POSITION, SCHEMAS, USER, VERSION, carried, features_of
from tests.ranking.features.tiny import user, values
from tests.shop import catalogue, item


def test_every_declared_feature_has_one_column_and_columns_lie_by_scope() -> None:
    assert sorted(FEATURES) == sorted(feature.name for module in MODULES for feature in module.FEATURES)
    assert len(set(FEATURES)) == len(FEATURES)
    scopes = [get_args(Scope).index(feature.scope) for feature in DECLARED]
    assert scopes == sorted(scopes)


@pytest.mark.parametrize("feature", DECLARED, ids=FEATURES)
def test_a_declaration_is_whole(feature: Feature) -> None:
    assert feature.unit
    assert not (feature.reason and feature.name in USER), "features of the user are the same for all, and no reason for any item"
    assert bool(feature.reason) == ((feature.fact is None) != (feature.bond is None)), "a reason states a fact, or names an own item"
    if feature.formula is not None:
        assert len(inspect.signature(feature.formula).parameters) == len(feature.reads)


@pytest.mark.parametrize(
    "feature", [feature for feature in DECLARED if feature.neutral is not None and feature.reads], ids=lambda feature: feature.name
)
def test_where_nothing_is_known_a_feature_has_its_neutral_value(feature: Feature) -> None:
    """Of an item that nobody ever touched, and a user who did nothing; a feature of what is always known says so by `neutral=None`."""
    unknown = math.nan if feature.sometimes_missing else feature.neutral
    assert values(catalogue(item("a", price=0.0)), feature.name, user()) == pytest.approx({"a": unknown}, nan_ok=True)


@pytest.mark.parametrize("feature", [feature for feature in DECLARED if feature.formula is not None], ids=lambda feature: feature.name)
def test_only_what_is_relative_may_be_missing_and_only_a_formula_says_so(feature: Feature) -> None:
    """Of the others nothing takes the mean: NaN would count as 0 whatever that means."""
    assert feature.scope == "relative" or not feature.sometimes_missing


def test_features_of_a_version_are_those_that_mean_the_same_since() -> None:
    assert features_of(VERSION) == FEATURES
    assert features_of(1) == ()


def test_slates_and_weights_of_this_release_can_be_read_by_later_ones() -> None:
    """This digest stands in what deployments have written: a new feature with a `since` of its own leaves it readable."""
    assert "83b7de9d" in SCHEMAS, "a feature that is new, or means something else now, has the next version as its `since`"


def test_values_of_fewer_features_in_another_order_are_carried_over_by_name() -> None:
    names = ("shelf", "covisits")
    moved = carried(np.array([[1.0, 2.0], [3.0, 4.0]]), names)
    assert moved.shape == (2, len(FEATURES))
    assert moved[:, [POSITION["shelf"], POSITION["covisits"]]].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert np.count_nonzero(moved) == 4
    whole = np.arange(len(FEATURES))
    assert carried(whole, FEATURES) is whole
