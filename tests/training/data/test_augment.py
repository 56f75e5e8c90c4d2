"""Variations of titles keep tokens, order and padding within bounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrec.training.data.augment import crop, drop_tokens, swap_tokens, vary

ROWS = st.lists(st.lists(st.integers(5, 99), max_size=9), min_size=1, max_size=6)
RATES = st.floats(0, 1)


def padded(rows: list[list[int]]) -> NDArray[np.int32]:
    ids = np.zeros((len(rows), 9), np.int32)
    for row, tokens in zip(ids, rows, strict=True):
        row[: len(tokens)] = tokens
    return ids


def filled(ids: NDArray[np.int32]) -> list[list[int]]:
    assert ((ids != 0).cumprod(axis=1) == (ids != 0)).all(), "padding is on the right only"
    return [row[row != 0].tolist() for row in ids]


def is_within(part: list[int], whole: list[int]) -> bool:
    rest = iter(whole)
    return all(token in rest for token in part)


@given(ROWS, RATES, st.integers(0, 99))
def test_dropping_keeps_the_order_and_at_least_one_token(rows: list[list[int]], rate: float, seed: int) -> None:
    for kept, whole in zip(filled(drop_tokens(padded(rows), np.random.default_rng(seed), rate)), rows, strict=True):
        assert is_within(kept, whole)
        assert bool(kept) == bool(whole)


@given(ROWS, RATES, st.integers(0, 99))
def test_swapping_moves_a_token_by_one_place_at_most(rows: list[list[int]], rate: float, seed: int) -> None:
    for moved, whole in zip(filled(swap_tokens(padded(rows), np.random.default_rng(seed), rate)), rows, strict=True):
        assert sorted(moved) == sorted(whole)
        assert all(token in whole[max(0, place - 1) : place + 2] for place, token in enumerate(moved))


@given(ROWS, st.integers(0, 99))
def test_a_crop_is_a_run_of_at_least_half(rows: list[list[int]], seed: int) -> None:
    for kept, whole in zip(filled(crop(padded(rows), np.random.default_rng(seed), 1.0)), rows, strict=True):
        assert 2 * len(kept) >= len(whole)
        assert any(whole[start : start + len(kept)] == kept for start in range(len(whole) + 1))


def test_rate_zero_changes_nothing_and_a_high_rate_does() -> None:
    ids = padded([[7, 8, 9, 10, 11, 12, 13, 14]] * 20)
    assert (vary(ids, np.random.default_rng(1), 0.0) == ids).all()
    assert (vary(ids, np.random.default_rng(1), 0.5) != ids).any(axis=1).mean() > 0.9
    assert (swap_tokens(ids, np.random.default_rng(1), 1.0)[0, :4] == [8, 7, 10, 9]).all()
