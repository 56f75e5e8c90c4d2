"""Candidates from what is live: the shelf of the user's room, and the shelves of the other rooms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import side_by_side


class ShelfSource:
    """The shelf of the room in which the user is."""

    name = "shelf"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return side_by_side(np.unique(room.shelf)[: self.count] if room else () for room in context.queries.rooms)


class LiveSource:
    """Items on the shelves of all live rooms, those on air first, then by trend."""

    name = "live"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        items, rooms = context.catalogue.items, context.catalogue.rooms
        trend = items.trend
        ahead = (trend.max() if len(trend) else 0.0) + 1.0
        appeal = np.where(rooms.on_shelf(items.size), 1.0 + trend + ahead * rooms.on_air(items.size), 0.0)
        return np.repeat(context.top(appeal[None, :], self.count), context.queries.size, axis=0)
