"""Sums over cells are those of a dense array, and the best of a row are the best."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.ranking.batch.cells import Cells, highest

SIZE = 6
NAMED = arrays.arrays(np.int32, st.tuples(st.just(3), st.integers(0, 5)), elements=st.integers(-1, SIZE - 1))


@given(NAMED, st.data())
def test_sums_of_cells_are_those_of_a_dense_array(slots: Any, data: st.DataObject) -> None:
    values = data.draw(arrays.arrays(np.float64, slots.shape, elements=st.integers(0, 9).map(float)))
    dense, there = np.zeros((3, SIZE + 1)), np.zeros((3, SIZE + 1), bool)
    rows = np.arange(3)[:, None]
    np.add.at(dense, (rows, slots), values)
    there[rows, slots] = True
    dense[:, -1], there[:, -1] = 0, False
    cells = Cells(slots, SIZE, amount=values)
    asked = data.draw(arrays.arrays(np.int32, (3, 7), elements=st.integers(-1, SIZE - 1)))
    assert cells.at(asked, "amount")[0] == pytest.approx(np.take_along_axis(dense, asked, 1))
    assert (cells.has(asked) == np.take_along_axis(there, asked, 1)).all()
    found, sums = cells.rows("amount")
    for user in range(3):
        mine = {int(slot): amount for slot, amount in zip(found[user], sums[user], strict=True) if slot >= 0}
        assert mine == {int(slot): dense[user, slot] for slot in np.flatnonzero(there[user, :-1])}


ROWS = st.tuples(st.integers(1, 3), st.integers(0, 40))


@given(arrays.arrays(np.float64, ROWS, elements=st.integers(0, 4).map(float)), st.integers(1, 5))
def test_the_best_of_a_row_are_above_nothing_and_ties_go_to_the_lower_rank(scores: Any, count: int) -> None:
    rank = np.random.default_rng(scores.shape[1]).permutation(scores.shape[1])
    found = highest(scores, rank, count)
    for row, columns in zip(scores, found, strict=True):
        expected = sorted((column for column in range(len(row)) if row[column] > 0), key=lambda column: (-row[column], rank[column]))
        assert sorted(column for column in columns.tolist() if column >= 0) == sorted(expected[:count])
