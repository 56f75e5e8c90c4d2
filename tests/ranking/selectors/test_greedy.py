"""Which candidates make the list: the best, nothing lost, nothing twice, and limits that yield before a place stays empty."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.ranking.selectors.diversity import Diversity
from streamrec.ranking.selectors.greedy import POOL, Limit, choose

ANY_SCORE = st.one_of(st.floats(-5, 5), st.sampled_from([np.nan, np.inf, -np.inf]))
SCORES = arrays.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(0, 30)), elements=ANY_SCORE)


def ids(scores: Any) -> Any:
    return np.tile(np.arange(scores.shape[1]), (len(scores), 1))


def chosen(scores: list[float], k: int, **how: Any) -> list[int]:
    values = np.array([scores])
    return [int(column) for column in choose(values, ids(values), k, **how)[0]]


def limit(labels: list[int], most: int) -> Limit:
    return Limit(np.array([labels], np.int32), most)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, int, list[Limit], Any]:
    scores = np.round(draw(SCORES), 6)
    labels = st.integers(0, 3)
    limits = [
        Limit(draw(arrays.arrays(np.int32, scores.shape, elements=labels)), draw(st.integers(1, 3))) for _ in range(draw(st.integers(0, 2)))
    ]
    tired = draw(st.none() | arrays.arrays(np.bool_, scores.shape))
    return scores, draw(st.integers(1, 8)), limits, tired


@given(cases(), st.sampled_from(["best", "mmr", "dpp"]))
def test_a_list_holds_finite_candidates_once_each_and_is_full_when_there_are_enough(case: Any, method: Any) -> None:
    scores, k, limits, tired = case
    diverse = None if method == "best" else Diversity(method, 0.5, np.eye(4, dtype=np.float32), (ids(scores) % 4).astype(np.int32))
    picks = choose(scores, ids(scores), k, limits, tired, diverse)
    assert picks.shape == (len(scores), k)
    for user, row in enumerate(picks):
        columns = [column for column in row if column >= 0]
        assert columns == list(row[: len(columns)])
        assert len(set(columns)) == len(columns) == min(k, int(np.isfinite(scores[user]).sum()))
        assert np.isfinite(scores[user, columns]).all()


@given(cases())
def test_nothing_yields_while_a_candidate_is_left_that_keeps_to_everything(case: Any) -> None:
    scores, k, limits, tired = case
    assume(scores.shape[1] <= POOL * k)  # what is not in the pool does not compete
    for user, row in enumerate(choose(scores, ids(scores), k, limits, tired)):
        columns = [int(column) for column in row if column >= 0]
        counts = [Counter(int(each.labels[user, column]) for column in columns) for each in limits]
        broken = any(count > each.most for each, seen in zip(limits, counts, strict=True) for label, count in seen.items() if label)
        if not broken and not (tired is not None and tired[user, columns].any()):
            continue
        for left in set(np.flatnonzero(np.isfinite(scores[user])).tolist()) - set(columns):
            full = any(
                label and seen[label] >= each.most
                for each, seen in zip(limits, counts, strict=True)
                if (label := int(each.labels[user, left]))
            )
            assert full or (tired is not None and tired[user, left])


@given(SCORES, st.integers(1, 8))
def test_without_limits_the_list_is_the_best_in_order(scores: Any, k: int) -> None:
    scores = np.round(scores, 6)
    for user, row in enumerate(choose(scores, ids(scores), k)):
        columns = [int(column) for column in row if column >= 0]
        finite = np.flatnonzero(np.isfinite(scores[user]))
        assert columns == sorted(finite.tolist(), key=lambda column: (-scores[user, column], column))[:k]


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_is_never_chosen(wild: float) -> None:
    assert chosen([1.0, wild, 2.0], 3) == [2, 0, -1]


def test_ties_break_by_id() -> None:
    assert chosen([1.0, 1.0, 1.0], 2) == [0, 1]


def test_a_limit_lets_the_next_kind_in_even_from_behind_the_pool() -> None:
    labels = [1] * 20 + [2, 3]
    scores = [30.0 - number for number in range(22)]
    assert chosen(scores, 3, limits=[limit(labels, 1)]) == [0, 20, 21]


def test_candidates_without_a_label_know_no_limit() -> None:
    assert chosen([3.0, 2.0, 1.0], 2, limits=[limit([0, 0, 1], 1)]) == [0, 1]


def test_the_first_limit_yields_before_the_second_and_tired_candidates_come_last() -> None:
    scores = [5.0, 4.0, 3.0, 2.0, 6.0]
    hosts, categories = [1, 1, 2, 2, 3], [1, 2, 1, 3, 4]
    tired = np.array([[False, False, False, False, True]])
    # 0 and 3 keep to both limits; then 1 breaks that of the host, 2 also that of the category, and 4 was shown too often.
    assert chosen(scores, 5, limits=[limit(hosts, 1), limit(categories, 1)], tired=tired) == [0, 3, 1, 2, 4]


def test_a_tired_candidate_steps_behind_all_others() -> None:
    assert chosen([3.0, 2.0, 1.0], 2, tired=np.array([[True, False, False]])) == [1, 2]
