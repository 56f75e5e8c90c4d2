"""The formulas that several features share: pure functions, each of arrays that broadcast against one another."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamrec.system.clock import DAY_MS

Values = Any
"""Arrays that broadcast against one another, or single numbers: a formula works on both."""
MONTH_MS = 30.0 * DAY_MS


def as_is(value: Values) -> Values:
    """The input itself."""
    return value


def log_count(count: Values) -> Values:
    """log(1 + count): the tenth event says less than the second."""
    return np.log1p(count)


def recency(now: Values, since: Values) -> Values:
    """exp(-age / 30 d), in [0, 1]; 0 where nothing ever happened."""
    age = np.maximum(now - since, 0).astype(np.float32)
    return np.where(since > 0, np.exp(age * np.float32(-1 / MONTH_MS)), np.float32(0))
