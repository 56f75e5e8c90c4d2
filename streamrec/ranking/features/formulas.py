"""The formulas that several features share: pure functions of one candidate's numbers, compiled into a loop over all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamrec.system.clock import DAY_MS
from streamrec.system.compiled import jit
from streamrec.system.maths import exp, log1p

Value = Any
"""A number of one candidate, or of its user."""
MONTH_MS = 30.0 * DAY_MS
PER_MONTH = np.float32(-1 / MONTH_MS)


@jit
def as_is(value: Value) -> Value:
    """The input itself."""
    return value


@jit
def log_count(count: Value) -> Value:
    """log(1 + count): the tenth event says less than the second."""
    return log1p(count)


@jit
def recency(now: Value, since: Value) -> Value:
    """exp(-age / 30 d), in [0, 1]; 0 where nothing ever happened."""
    return exp(np.float32(max(now - since, 0)) * PER_MONTH) if since > 0 else np.float32(0)
