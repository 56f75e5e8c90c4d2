import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.evaluation.bootstrap import means, ratios

lists = st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1) | st.just(float("nan"))), min_size=1, max_size=30)


def columns(rows: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([value for _, value in rows], float), np.array([user for user, _ in rows], int)


@given(lists)
def test_the_value_is_the_mean_of_what_is_defined_and_lies_in_its_interval(rows: list[tuple[int, float]]) -> None:
    values, users = columns(rows)
    estimate = means({"m": values}, users)["m"]
    defined = values[~np.isnan(values)]
    assert estimate.value == pytest.approx(np.mean(defined) if len(defined) else np.nan, nan_ok=True)
    if len(defined):
        assert min(defined) - 1e-9 <= estimate.low <= estimate.high <= max(defined) + 1e-9


def test_the_interval_of_independent_users_is_that_of_the_normal_approximation() -> None:
    values = np.random.default_rng(5).random(2000)
    estimate = means({"m": values}, np.arange(2000))["m"]
    half = 1.96 * values.std() / np.sqrt(2000)
    assert (estimate.low, estimate.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=half / 10)


def test_more_lists_of_the_same_users_are_no_more_certain() -> None:
    values, users = np.random.default_rng(5).random(100), np.arange(100)
    once, often = means({"m": values}, users)["m"], means({"m": np.tile(values, 9)}, np.tile(users, 9))["m"]
    assert often == pytest.approx(once)


def test_the_same_input_gives_the_same_interval() -> None:
    values, users = np.random.default_rng(5).random(50), np.arange(50)
    assert means({"m": values}, users) == means({"m": values}, users)


@given(lists, st.floats(0.1, 10))
def test_a_system_that_is_always_so_many_times_as_good_has_no_doubt_in_its_ratio(rows: list[tuple[int, float]], factor: float) -> None:
    values, users = columns(rows)
    values = values + 0.1
    estimate = ratios({"m": values * factor}, {"m": values}, users)["m"]
    wanted = np.nan if np.isnan(values).all() else factor
    assert estimate == pytest.approx((wanted,) * 3, nan_ok=True)


def test_only_triggers_where_both_are_defined_enter_the_ratio() -> None:
    ours, theirs = np.array([1.0, np.nan, 4.0, 7.0]), np.array([2.0, 5.0, 2.0, np.nan])
    assert ratios({"m": ours}, {"m": theirs}, np.arange(4))["m"].value == pytest.approx(5 / 4)


def test_the_ratio_to_nothing_is_not_defined() -> None:
    assert np.isnan(ratios({"m": np.ones(3)}, {"m": np.zeros(3)}, np.arange(3))["m"]).all()


def test_no_lists_give_no_value() -> None:
    assert np.isnan(means({"m": np.zeros(0)}, np.zeros(0, int))["m"]).all()
