"""Sums at candidates are those of a dense array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.ranking.batch.sums import among, linked, sums_at

SIZE, USERS = 6, 3
NAMED = arrays.arrays(np.int32, st.tuples(st.just(USERS), st.integers(0, 5)), elements=st.integers(-1, SIZE - 1))
AMOUNTS = st.integers(0, 9).map(float)


@st.composite
def candidates(draw: st.DrawFn) -> Any:
    """Some slots of each user, each once, padded with -1."""
    rows = [draw(st.lists(st.integers(0, SIZE - 1), unique=True)) for _ in range(USERS)]
    return np.array([row + [-1] * (SIZE - len(row)) for row in rows], np.int32)


def dense(named: Any, values: Any) -> Any:
    """Sums over all slots of each user, and a column for -1 that stays 0."""
    sums = np.zeros((USERS, SIZE + 1))
    np.add.at(sums, (np.arange(USERS)[:, None], named), values)
    sums[:, -1] = 0
    return sums


@given(NAMED, candidates(), st.data())
def test_sums_are_those_of_a_dense_array(named: Any, at: Any, data: st.DataObject) -> None:
    values = data.draw(arrays.arrays(np.float64, (2, *named.shape), elements=AMOUNTS))
    for relation, sums in enumerate(sums_at(at, SIZE, named, values)):
        assert sums == pytest.approx(np.take_along_axis(dense(named, values[relation]), at.astype(np.intp), axis=1))


@given(NAMED, candidates())
def test_what_is_named_is_told_from_what_is_not(named: Any, at: Any) -> None:
    assert (among(named, at, SIZE) == np.take_along_axis(dense(named, 1.0) > 0, at.astype(np.intp), axis=1)).all()


@given(NAMED, st.data())
def test_links_are_followed_from_every_recent_item_and_summed_by_where_they_lead(recent: Any, data: st.DataObject) -> None:
    ends = data.draw(arrays.arrays(np.int32, (SIZE, 2), elements=st.integers(0, SIZE - 1), unique=False))
    strength = data.draw(arrays.arrays(np.float32, (SIZE, 2), elements=st.integers(1, 9).map(float)))
    weights = data.draw(arrays.arrays(np.float64, (1, *recent.shape), elements=AMOUNTS))
    root = np.arange(1.0, SIZE + 1)
    expected = np.zeros((USERS, SIZE))
    for (user, place), own in np.ndenumerate(recent):
        if own >= 0:
            for link in range(2):
                other = ends[own, link]
                expected[user, other] += weights[0, user, place] * strength[own, link] / (root[own] * root[other])
    slots, sums = linked(recent, weights, ends, strength, root)
    for user in range(USERS):
        there = slots[user] >= 0
        assert len(set(slots[user, there].tolist())) == there.sum()
        found = np.zeros(SIZE)
        found[slots[user, there]] = sums[0, user, there]
        assert found == pytest.approx(expected[user])
