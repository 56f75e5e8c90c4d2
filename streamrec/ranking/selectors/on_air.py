"""What the host of a viewer's room shows right now stands near the top of their list, whatever they did elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.queries import Queries

Columns = NDArray[np.intp]
NEAR = 3
"""The place, from 1, behind which it does not fall. A viewer who does not look for it sees the first few places beside the stream."""
ASKED = 0.5
"""A mention (weight at most 1, half-life 2 hours) from which on the viewer has asked for other items, which then may come before it."""


def on_air(queries: Queries, slots: NDArray[np.int32], open_: NDArray[np.bool_]) -> Columns:
    """The column (users,) of the `open_` candidate (users, candidates) that is on air in the user's room.

    It is -1 where there is none, and for users who wrote about other items lately.
    """
    if not any(queries.rooms) or not slots.shape[1]:
        return np.full(len(slots), -1, np.intp)
    shown = np.array([-1 if room is None else room.on_air for room in queries.rooms], np.int32)[:, None]
    there = (slots == shown) & (shown >= 0) & open_
    named = queries.named
    others = ((named.slots >= 0) & (named.slots != shown) & (named.values >= ASKED)).any(axis=1)
    return np.where(there.any(axis=1) & ~others, np.argmax(there, axis=1), -1)


def low(columns: Columns, wanted: Columns) -> Columns:
    """Those of the `wanted` columns (users,) that stand behind the place NEAR of the lists (users, k), or on none; -1 for the others."""
    return np.where((columns[:, :NEAR] == wanted[:, None]).any(axis=1), -1, wanted)


def without(picks: Columns, dropped: Columns) -> Columns:
    """The picks (users, k) without the `dropped` columns (users,; -1 for none); those behind move up."""
    gone = (picks == dropped[:, None]) & (dropped >= 0)[:, None]
    return np.take_along_axis(np.where(gone, -1, picks), np.argsort(gone, axis=1, kind="stable"), axis=1)
