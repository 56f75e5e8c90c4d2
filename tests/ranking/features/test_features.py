"""How a candidate stands out in its list."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.ranking.features.features import MOST_STANDOUT, standardise, z_scores
from streamrec.ranking.features.schema import FEATURES, POSITION, RELATIVE

SHAPE = (2, 7)


@given(arrays.arrays(np.float32, SHAPE, elements=st.integers(-1000, 1000).map(float)), arrays.arrays(bool, SHAPE))
def test_z_scores_are_bounded_about_0_and_look_at_kept_candidates_only(values: np.ndarray, kept: np.ndarray) -> None:
    made = z_scores(values, kept)
    assert np.abs(made).max(initial=0) <= MOST_STANDOUT
    assert not made[~kept].any()
    assert made.sum(axis=1) == pytest.approx(np.zeros(2), abs=1e-2)
    moved = np.where(kept, values, 12345.0).astype(np.float32)
    assert (z_scores(moved, kept) == made).all()


def test_relative_features_are_z_scores_and_all_others_stay_as_they_are() -> None:
    raw = np.repeat(np.array([1.0, 3.0, 100.0], np.float32)[None, :, None], len(FEATURES), axis=2)
    made = standardise(raw, np.array([[True, True, False]]))
    assert made[0, :, : len(RELATIVE)] == pytest.approx(np.repeat([[-1.0], [1.0], [0.0]], len(RELATIVE), axis=1))
    assert made[0, :, len(RELATIVE) :] == pytest.approx(np.repeat([[1.0], [3.0], [0.0]], len(FEATURES) - len(RELATIVE), axis=1))


@given(
    arrays.arrays(np.float32, SHAPE, elements=st.integers(-1000, 1000).map(float)), arrays.arrays(bool, SHAPE), arrays.arrays(bool, SHAPE)
)
def test_a_candidate_of_which_nothing_is_known_counts_as_an_average_one(known: np.ndarray, missing: np.ndarray, kept: np.ndarray) -> None:
    raw = np.zeros((*SHAPE, len(FEATURES)), np.float32)
    raw[:, :, POSITION["idle"]] = np.where(missing, np.nan, known)
    made = standardise(raw, kept)
    assert np.isfinite(made).all()
    assert made[missing] == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_counts_as_0(wild: float) -> None:
    raw = np.ones((1, 3, len(FEATURES)), np.float32)
    raw[0, 0] = wild
    made = standardise(raw, np.ones((1, 3), bool))
    assert np.isfinite(made).all()
    assert made[0, 0, -1] == 0.0
