"""Places that are taken before the list is chosen, and the list around them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamrec.events.types import Rule
from streamrec.ranking.batch.order import keys
from streamrec.ranking.batch.rule_hits import Hits

Columns = NDArray[np.intp]


def pinned(scores: NDArray[np.float64], id_rank: NDArray[np.int64], pinning: Hits) -> Iterator[tuple[Rule, Columns]]:
    """The column (users,) that each rule pins, -1 for none: the best that it concerns and that no earlier rule pinned."""
    rows, open_ = np.arange(len(scores)), np.isfinite(scores)
    for rule, users, columns in pinning.by_rule():
        mine = np.zeros(scores.shape, bool)
        mine[users, columns] = open_[users, columns]
        column = np.argmax(keys(np.where(mine, scores, -np.inf), id_rank), axis=1)
        has = mine[rows, column]
        open_[rows[has], column[has]] = False
        yield rule, np.where(has, column, -1)


def take_places(taken: Columns, column: Columns, position: int) -> bool:
    """Put the columns (users,; -1 for none) into `taken` (users, k) at `position`, from 1; where that is taken at the next free place
    behind it, else at the last before it. Whether any was put.
    """
    wanted = min(position, taken.shape[1]) - 1
    free = (taken < 0) & (column >= 0)[:, None]
    behind = free & (np.arange(taken.shape[1]) >= wanted)
    place = np.where(behind.any(axis=1), np.argmax(behind, axis=1), taken.shape[1] - 1 - np.argmax(free[:, ::-1], axis=1))
    rows = np.flatnonzero(free.any(axis=1))
    taken[rows, place[rows]] = column[rows]
    return len(rows) > 0


def place(taken: Columns, rest: Columns) -> Columns:
    """Lists (users, k) that hold `taken` (users, k; -1 where a place is free) where it stands and `rest` in the places between.

    Where a list is too short to reach a taken place, what stands there moves up.
    """
    free = taken < 0
    nth = np.maximum(np.cumsum(free, axis=1) - 1, 0)
    merged = np.where(free, np.take_along_axis(rest, nth, axis=1), taken)
    return np.take_along_axis(merged, np.argsort(merged < 0, axis=1, kind="stable"), axis=1)
