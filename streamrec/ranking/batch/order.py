"""One whole number per candidate that orders a list: what yields first, then the score, then the id."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit

Keys = NDArray[np.int64]
# Three bits of what yields, 35 of the score and 24 of the id: with the sign they fill 63 of 64 bits, and one comparison decides.
ID_BITS = 24
"""Most items of a catalogue whose ties break by id: 16.7 million."""
SCORE_BITS = 35
PER_POINT = 1_000_000
NEVER = int(np.iinfo(np.int64).min)


BOUND = float(1 << (SCORE_BITS - 1)) - 1


@jit
def key(score: float, id_rank: int, yields: int) -> Any:
    """Larger is better; equal only for equal ids. `score` is finite.

    `yields` (0 to 7) counts before the score, the lower the better; scores count to six decimals, up to some 17,000 on either side.
    """
    points = np.int64(min(max(np.rint(score * PER_POINT), -BOUND), BOUND))
    return ((points - (np.int64(yields) << SCORE_BITS)) << ID_BITS) - id_rank


@jit
def keys(scores: NDArray[np.float64], id_rank: NDArray[np.int64]) -> Keys:
    """The keys of scores (users, candidates) for which nothing yields; a score that is not finite gives `NEVER`."""
    found = np.full(scores.shape, NEVER, np.int64)
    for user in range(len(scores)):
        for column in range(scores.shape[1]):
            if np.isfinite(scores[user, column]):
                found[user, column] = key(scores[user, column], id_rank[user, column], 0)
    return found


def best_first(ordered_by: Keys, count: int) -> NDArray[np.intp]:
    """Columns of the `count` largest keys of each row, best first; of all columns where there are fewer."""
    if ordered_by.shape[1] > count:
        # From the far side: among many that are `NEVER` a partition at the near one takes some ten times longer.
        columns = np.argpartition(~ordered_by, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(ordered_by, columns, axis=1), axis=1)[:, ::-1]
        return np.take_along_axis(columns, order, axis=1)
    return np.argsort(ordered_by, axis=1)[:, ::-1]


def among_best(scores: NDArray[np.float64], id_rank: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Which candidates (users, candidates) have one of the `count` highest finite scores of their row."""
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, best_first(keys(scores, id_rank), count), True, axis=1)
    return chosen & np.isfinite(scores)
