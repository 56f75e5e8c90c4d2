"""The best of a row are the best, of all slots as of listed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.ranking.batch.best import RUN, best, best_listed

ROWS = st.tuples(st.integers(1, 3), st.integers(0, 4 * RUN))
SCORES = arrays.arrays(np.float64, ROWS, elements=st.integers(-1, 4).map(float))


def expected(row: Any, allowed: Any, rank: Any, count: int) -> list[int]:
    columns = (column for column in range(len(row)) if row[column] > 0 and allowed[column])
    return sorted(sorted(columns, key=lambda column: (-row[column], rank[column]))[:count])


@given(SCORES, st.integers(0, 5), st.integers(0, 99))
def test_the_best_of_a_row_are_above_nothing_and_ties_go_to_the_lower_rank(scores: Any, count: int, seed: int) -> None:
    dice, width = np.random.default_rng(seed), scores.shape[1]
    rank, allowed = dice.permutation(width), dice.random(width) < 0.8
    for row, found in zip(scores, best(scores, allowed, rank, count), strict=True):
        assert sorted(slot for slot in found.tolist() if slot >= 0) == expected(row, allowed, rank, count)


@given(SCORES, st.integers(0, 5), st.integers(0, 99))
def test_the_best_of_listed_slots_are_those_of_all(scores: Any, count: int, seed: int) -> None:
    dice, (users, width) = np.random.default_rng(seed), scores.shape
    rank, allowed = dice.permutation(width), dice.random(width) < 0.8
    order = np.stack([dice.permutation(width) for _ in range(users)]).astype(np.int32)
    slots = np.concatenate([order, np.full((users, 2), -1, np.int32)], axis=1)
    values = np.concatenate([np.take_along_axis(scores, order.astype(np.intp), axis=1), np.full((users, 2), 9.0)], axis=1)
    for row, found in zip(scores, best_listed(slots, values, allowed, rank, count), strict=True):
        assert sorted(slot for slot in found.tolist() if slot >= 0) == expected(row, allowed, rank, count)
