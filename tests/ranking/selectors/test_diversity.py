"""Diversity: no two alike when asked for."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.selectors.diversity import DeterminantalPoint, MaximalMarginalRelevance
from streamrec.ranking.selectors.greedy import choose

TWINS = np.array([[[1, 0], [1, 0], [0, 1]]], np.float32)


def picks(follow: Any, relevance: Any, count: int) -> list[int]:
    """The greedy picks of one user."""
    found: list[int] = []
    for _ in range(count):
        worth = follow.worth().copy()
        worth[:, found] = -np.inf
        found.append(int(np.argmax(worth[0])))
        follow.take(np.array([found[-1]]))
    return found


@pytest.mark.parametrize("method", ["mmr", "dpp"])
def test_another_kind_is_preferred_to_more_of_the_same_only_when_asked_for(method: str) -> None:
    def diverse(relevance: Any, pool: Any) -> Any:
        near = TWINS[:, pool[0]]
        return MaximalMarginalRelevance(relevance, near, 0.6) if method == "mmr" else DeterminantalPoint(relevance, near, 0.6, 2)

    scores, ids = np.array([[3.0, 2.9, 2.0]]), np.arange(3)[None, :]
    assert choose(scores, ids, 2).tolist() == [[0, 1]]
    assert choose(scores, ids, 2, diverse=diverse).tolist() == [[0, 2]]


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_the_incremental_dpp_picks_what_determinants_computed_anew_pick(seed: int, knob: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((7, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    relevance = rng.random(7)
    found: list[int] = []
    for _ in range(4):
        worth = {}
        for each in set(range(7)) - set(found):
            chosen = vectors[[*found, each]].astype(np.float64)
            before = vectors[found].astype(np.float64)
            volume = np.linalg.slogdet(chosen @ chosen.T)[1] - (np.linalg.slogdet(before @ before.T)[1] if found else 0.0)
            worth[each] = (1 - knob) * relevance[each] + knob * volume
        found.append(max(worth, key=worth.__getitem__))
    assert picks(DeterminantalPoint(relevance[None], vectors[None], knob, 4), relevance, 4) == found


def test_a_dpp_sees_the_sum_of_two_picks_where_mmr_sees_only_the_nearest() -> None:
    half = np.sqrt(0.5)
    near = np.array([[[1, 0, 0], [0, 1, 0], [half, half, 0], [0.8, 0, 0.6]]], np.float32)
    relevance = np.array([[1.0, 1.0, 0.9, 0.8]])
    assert picks(MaximalMarginalRelevance(relevance, near, 0.5), relevance, 3) == [0, 1, 2]
    assert picks(DeterminantalPoint(relevance, near, 0.5, 3), relevance, 3) == [0, 1, 3]


@given(st.integers(0, 1000))
def test_a_dpp_survives_copies_of_one_vector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.standard_normal((2, 4)), 3, axis=0).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    follow = DeterminantalPoint(rng.random((1, 6)), vectors[None], 0.5, 6)
    found = picks(follow, None, 6)
    assert sorted(found) == list(range(6))
    assert {number // 3 for number in itertools.islice(found, 2)} == {0, 1}
    assert np.isfinite(follow.worth()).all()
