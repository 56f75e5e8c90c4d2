"""Selection: the best, no two alike when asked for, nothing lost, nothing twice, and no wild number on top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.selectors.diversity import select

ANY_SCORE = st.one_of(st.floats(-5, 5), st.sampled_from([np.nan, np.inf, -np.inf]))


def chosen(scores: list[float], k: int, diversity: float = 0.0, vectors: Any = None) -> list[int]:
    values = np.array([scores])
    near = np.zeros((1, len(scores), 0), np.float32) if vectors is None else np.array([vectors], np.float32)
    return [int(column) for column in select(values, np.arange(len(scores))[None, :], near, k, diversity)[0]]


SCORES = arrays.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(0, 12)), elements=ANY_SCORE)


@given(SCORES, st.integers(1, 8), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_list_holds_finite_candidates_once_each_best_first_and_as_many_as_there_are(scores: Any, k: int, diversity: float) -> None:
    users, count = scores.shape
    vectors = np.tile(np.eye(4, dtype=np.float32)[np.arange(count) % 4], (users, 1, 1)).reshape(users, count, 4)
    picks = select(scores, np.tile(np.arange(count), (users, 1)), vectors, k, diversity)
    assert picks.shape == (users, k)
    for user in range(users):
        columns = [column for column in picks[user] if column >= 0]
        assert len(columns) == len(set(columns)) == min(k, int(np.isfinite(scores[user]).sum()))
        values = [scores[user, column] for column in columns]
        assert values == sorted(values, reverse=True)
        if diversity == 0 and columns:
            assert min(values) >= sorted(scores[user][np.isfinite(scores[user])])[-len(columns)]


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_never_chosen(wild: float) -> None:
    assert chosen([1.0, wild, 2.0], 3) == [2, 0, -1]


def test_ties_break_by_id() -> None:
    assert chosen([1.0, 1.0, 1.0], 2) == [0, 1]


def test_diversity_prefers_another_kind_to_more_of_the_same() -> None:
    vectors = [[1, 0], [1, 0], [0, 1]]
    assert chosen([3.0, 2.9, 2.0], 2, 0.0, vectors) == [0, 1]
    assert chosen([3.0, 2.9, 2.0], 2, 0.6, vectors) == [0, 2]
