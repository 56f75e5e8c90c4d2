"""Diversity: no two alike when asked for."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.ranking.selectors.diversity import Diversity
from streamrec.ranking.selectors.greedy import choose

Method = Literal["mmr", "dpp"]


def picks(method: Method, vectors: Any, scores: Any, count: int, knob: float = 0.5) -> set[int]:
    """The items that are chosen for one user from a catalogue of just these."""
    ids = np.arange(len(scores))[None]
    diverse = Diversity(method, knob, np.asarray(vectors, np.float32), ids.astype(np.int32))
    return {int(column) for column in choose(np.array([scores], np.float64), ids, count, diverse=diverse)[0] if column >= 0}


@pytest.mark.parametrize("method", ["mmr", "dpp"])
def test_another_kind_is_preferred_to_more_of_the_same_only_when_asked_for(method: Method) -> None:
    scores, twins = [3.0, 2.9, 2.0], [[1, 0], [1, 0], [0, 1]]
    assert choose(np.array([scores]), np.arange(3)[None], 2).tolist() == [[0, 1]]
    assert picks(method, twins, scores, 2, 0.6) == {0, 2}


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_the_incremental_dpp_picks_what_determinants_computed_anew_pick(seed: int, knob: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((7, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # Relevance is the score, stretched to [0, 1]: of these it is the score itself.
    relevance = np.concatenate([[0.0, 1.0], rng.random(5)])
    found: list[int] = []
    for _ in range(4):
        worth = {}
        for each in set(range(7)) - set(found):
            chosen = vectors[[*found, each]].astype(np.float64)
            before = vectors[found].astype(np.float64)
            volume = np.linalg.slogdet(chosen @ chosen.T)[1] - (np.linalg.slogdet(before @ before.T)[1] if found else 0.0)
            worth[each] = (1 - knob) * relevance[each] + knob * volume
        found.append(max(worth, key=worth.__getitem__))
        assert picks("dpp", vectors, relevance, len(found), knob) == set(found)


def test_a_dpp_sees_the_sum_of_two_picks_where_mmr_sees_only_the_nearest() -> None:
    half = np.sqrt(0.5)
    near = [[1, 0, 0], [0, 1, 0], [half, half, 0], [0.8, 0, 0.6], [1, 0, 0]]
    scores = [1.0, 1.0, 0.9, 0.8, 0.0]
    assert picks("mmr", near, scores, 3) == {0, 1, 2}
    assert picks("dpp", near, scores, 3) == {0, 1, 3}


@given(st.integers(0, 1000))
def test_a_dpp_survives_copies_of_one_vector(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.standard_normal((2, 4)), 3, axis=0).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = rng.random(6)
    assert picks("dpp", vectors, scores, 6) == set(range(6))
    assert {number // 3 for number in picks("dpp", vectors, scores, 2)} == {0, 1}
