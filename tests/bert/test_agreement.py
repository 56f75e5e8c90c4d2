"""What is like fp32 and in its order may stand in for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.bert.agreement import Agreement, likeness, order


def test_likeness_is_one_of_equals_and_zero_where_nothing_varies() -> None:
    scores = np.random.default_rng(0).standard_normal((20, 1)).astype(np.float32)
    assert likeness(scores, scores * 2 + 1) == pytest.approx(1)
    assert likeness(scores, np.ones_like(scores)) == 0
    vectors = np.random.default_rng(1).standard_normal((20, 4)).astype(np.float32)
    assert likeness(vectors, vectors * 3) == pytest.approx(1)
    assert likeness(vectors, np.zeros_like(vectors)) == 0


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=30, unique=True))
def test_order_counts_the_pairs_that_stand_as_they_did(values: list[int]) -> None:
    scores = np.array(values, np.float32)
    assert order(scores * 2 + 1, scores) == 1
    assert order(-scores, scores) == 0
    swapped = scores.copy()
    low, high = scores.argsort()[:2]
    swapped[[low, high]] = scores[[high, low]]
    assert order(swapped, scores) == pytest.approx(1 - 2 / (len(values) * (len(values) - 1)))


def test_scores_that_are_all_the_same_have_no_order() -> None:
    same = np.ones(5, np.float32)
    assert order(same, same) == order(same, np.arange(5, dtype=np.float32)) == 0


def test_one_far_score_does_not_hide_that_the_others_are_out_of_order() -> None:
    wanted = np.random.default_rng(2).standard_normal(60).astype(np.float32)
    wanted[0] = 1000
    given_scores = wanted.copy()
    given_scores[1:] = given_scores[:0:-1]
    found = Agreement.of(given_scores, wanted)
    assert found.alike > 0.999
    assert not found.sound


def test_a_difference_that_is_no_number_is_infinite_and_unsound() -> None:
    wanted = np.arange(4, dtype=np.float32)
    found = Agreement.of(np.array([0, 1, np.nan, 3], np.float32), wanted)
    assert (found.apart, found.alike, found.sound) == (np.inf, 0, False)


def test_vectors_have_likeness_and_no_order() -> None:
    vectors = np.random.default_rng(1).standard_normal((20, 4)).astype(np.float32)
    found = Agreement.of(vectors, vectors)
    assert found.sound
    assert (found.order, found.apart) == (1, 0)
