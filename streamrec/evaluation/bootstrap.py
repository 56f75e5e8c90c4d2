"""How certain a mean over lists is: a bootstrap over users, whose lists are drawn together because they resemble each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The bounds of a 95 % interval are the 50th smallest and largest of 2,000 rounds: fewer make them shake from seed to seed.
ROUNDS = 2000
SEED = 20111001

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Estimate(NamedTuple):
    """A value and its 95 % confidence interval (percentile method); NaN where it is not defined."""

    value: float
    low: float = np.nan
    high: float = np.nan


def means(metrics: Mapping[str, Floats], users: Ints) -> dict[str, Estimate]:
    """The mean of every metric over lists.

    Args:
        metrics: of shape (lists,), NaN where a metric is not defined.
        users: (lists,), the number of each list's user.
    """
    defined = {name: ~np.isnan(values) for name, values in metrics.items()}
    tops = [np.where(defined[name], values, 0.0) for name, values in metrics.items()]
    return dict(zip(metrics, quotients(tops, [*defined.values()], users), strict=True))


def ratios(ours: Mapping[str, Floats], theirs: Mapping[str, Floats], users: Ints) -> dict[str, Estimate]:
    """The mean of every metric of `ours` divided by that of `theirs`, paired by trigger: users are drawn for both at once.

    Args:
        ours: of shape (triggers,). NaN, where a metric is not defined, leaves the trigger out of both means.
        theirs: the same metrics of the system compared with.
        users: (triggers,), the number of each trigger's user.
    """
    defined = {name: ~(np.isnan(ours[name]) | np.isnan(theirs[name])) for name in ours}
    tops, bottoms = ([np.where(defined[name], side[name], 0.0) for name in ours] for side in (ours, theirs))
    return dict(zip(ours, quotients(tops, bottoms, users), strict=True))


def quotients(tops: list[Floats], bottoms: list[Floats], users: Ints) -> list[Estimate]:
    """The sum of each top divided by the sum of its bottom, all of shape (rows,), with intervals.

    The `users` (rows,) are drawn for all quotients at once.
    """
    distinct, who = np.unique(users, return_inverse=True)
    count = len(distinct)
    if not count:
        return [Estimate(np.nan) for _ in tops]
    per_user = np.array([np.bincount(who, column, count) for column in (*tops, *bottoms)]).T
    rng = np.random.default_rng(SEED)
    # Drawing users is weighing them by how often they are drawn: one product instead of copies of their lists.
    drawn = np.array([np.bincount(rng.integers(count, size=count), minlength=count) @ per_user for _ in range(ROUNDS)])
    return [_estimate(per_user[:, pair], drawn[:, pair]) for pair in ([at, len(tops) + at] for at in range(len(tops)))]


def _estimate(per_user: Floats, drawn: Floats) -> Estimate:
    top, bottom = per_user.sum(0)
    # A draw without any list that counts has no mean.
    drawn = drawn[drawn[:, 1] > 0]
    if not bottom or not len(drawn):
        return Estimate(np.nan)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return Estimate(float(top / bottom), float(low), float(high))
