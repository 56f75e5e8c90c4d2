"""What the sentence of a reason can take for granted of its viewer: facts of shape (users,), by which it is true of a viewer at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.queries import Queries

Mask = NDArray[np.bool_]


def touched_something(queries: Queries) -> Mask:
    """Bought, looked at or wrote about an item that the catalogue knows."""
    return np.asarray((queries.recent.slots >= 0).any(axis=1))


def bought_something(queries: Queries) -> Mask:
    return np.asarray((queries.bought.slots >= 0).any(axis=1))


def looked_at_something(queries: Queries) -> Mask:
    return np.asarray((queries.seen.slots >= 0).any(axis=1))


def wrote_about_something(queries: Queries) -> Mask:
    return np.asarray((queries.named.slots >= 0).any(axis=1))


def paid_something(queries: Queries) -> Mask:
    return np.asarray(~np.isnan(queries.log_price))


def has_history(queries: Queries) -> Mask:
    """There is something for BERT to read beside an item: titles of what was touched, or what was written within the hour."""
    return np.asarray(touched_something(queries) | np.array([said != "" for said in queries.said], bool))


def is_in_a_room(queries: Queries) -> Mask:
    return np.array([room is not None for room in queries.rooms], bool)


def has_a_country(queries: Queries) -> Mask:
    return np.asarray(queries.country > 0)
