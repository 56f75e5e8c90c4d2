"""What a blend with a network promises to those who explain and correct its scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.features.schema import FEATURES, POSITION, USER
from streamrec.ranking.scorers.blend import ITEM, LEARNED, Blend, Network


def networked(seed: int) -> Blend:
    dice = np.random.default_rng(seed)
    net = Network(
        *(dice.normal(size=shape).astype(np.float32) for shape in ((LEARNED, 8), 8, 8)), dice.uniform(0.5, 2, len(USER)).astype(np.float32)
    )
    return Blend({name: float(dice.normal()) for name in FEATURES}, "v1", net)


def found(seed: int, users: int = 3, candidates: int = 5) -> Any:
    values = np.random.default_rng(seed).normal(size=(users, candidates, len(FEATURES))).astype(np.float32)
    values[:, :, ITEM:LEARNED] = np.abs(values[:, :1, ITEM:LEARNED])
    return values


@given(st.integers(0, 50))
def test_contributions_sum_to_the_score_and_none_is_of_the_user(seed: int) -> None:
    blend, values = networked(seed), found(seed)
    contributions = blend.contributions(values)
    assert contributions.sum(axis=2) == pytest.approx(blend.score(values), abs=1e-3)
    assert not contributions[:, :, [POSITION[name] for name in USER]].any()


def test_a_candidate_that_was_filtered_out_changes_no_other_score() -> None:
    blend, values = networked(1), found(1)
    fewer = values.copy()
    fewer[:, 2] = 0.0
    kept = [0, 1, 3, 4]
    assert blend.score(fewer)[:, kept] == pytest.approx(blend.score(values)[:, kept], abs=1e-4)


def test_a_viewer_who_is_busier_than_any_in_training_counts_as_the_busiest() -> None:
    blend, values = networked(4), found(4)
    net = blend.network
    assert net is not None
    values[:, :, ITEM:LEARNED] = net.most
    busier = values.copy()
    busier[:, :, ITEM:LEARNED] *= 9
    assert blend.score(busier) == pytest.approx(blend.score(values), abs=1e-4)
    assert blend.contributions(busier) == pytest.approx(blend.contributions(values), abs=1e-4)
    assert replace(blend, network=replace(net, most=net.most * 9)).score(busier) != pytest.approx(blend.score(values), abs=1e-2)


def test_an_average_candidate_scores_nothing() -> None:
    values = found(2)
    values[:, 0, :ITEM] = values[:, 0, LEARNED:] = 0.0
    assert networked(2).score(values)[:, 0] == pytest.approx(np.zeros(3), abs=1e-4)


def test_an_adjusted_network_adds_a_linear_term() -> None:
    blend, values = networked(3), found(3)
    moved = blend.adjusted({"covisits": 0.5}, "v2")
    assert moved.score(values) == pytest.approx(blend.score(values) + 0.5 * values[:, :, POSITION["covisits"]], abs=1e-4)
    assert moved.version == "v2"


@pytest.mark.parametrize("wild", [1e39, float("inf"), float("nan")])
def test_a_blend_with_a_weight_that_is_not_finite_is_refused(wild: float) -> None:
    plain = Blend.plain()
    with pytest.raises(ValueError, match="not finite"):
        Blend(plain.weights | {"cross": wild}, "wild")
    with pytest.raises(ValueError, match="not finite"):
        plain.adjusted({"cross": wild}, "wild")
    with np.errstate(over="ignore"):
        into = np.full((LEARNED, 2), wild).astype(np.float32)
    net = Network(into, np.zeros(2, np.float32), np.ones(2, np.float32))
    with pytest.raises(ValueError, match="not finite"):
        Blend(plain.weights, "wild", net)
