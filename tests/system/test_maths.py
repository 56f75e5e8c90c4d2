"""Exponential and logarithm are those of the library, to single precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.system.compiled import jit
from streamrec.system.maths import exp, log, log1p


@jit
def exps(values: NDArray[np.float32]) -> Any:
    found = np.empty_like(values)
    for place in range(len(values)):
        found[place] = exp(values[place])
    return found


@jit
def logs(values: NDArray[np.float32]) -> Any:
    found = np.empty((2, len(values)), np.float32)
    for place in range(len(values)):
        found[0, place] = log(values[place])
        found[1, place] = log1p(values[place])
    return found


def test_the_exponential_is_exact_to_single_precision_and_nothing_far_below() -> None:
    values = np.linspace(-86, 0, 10_001, dtype=np.float32)
    assert exps(values) == pytest.approx(np.exp(values), rel=3e-7)
    assert exps(np.array([-1e9, -np.inf], np.float32)) == pytest.approx([0, 0], abs=1e-37)


def test_logarithms_are_exact_to_single_precision_from_the_smallest_to_the_largest() -> None:
    values = np.geomspace(1e-30, 1e30, 10_001, dtype=np.float32)
    assert logs(values)[0] == pytest.approx(np.log(values.astype(np.float64)), rel=3e-7, abs=1e-7)
    assert logs(values)[1] == pytest.approx(np.log1p(values.astype(np.float64)), rel=5e-7)
