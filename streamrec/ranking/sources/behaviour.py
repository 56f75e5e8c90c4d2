"""Candidates from what people do: bought along, trending, and the user's own purchases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context


class CovisitedSource:
    """Items bought along with the user's recent ones."""

    name = "covisited"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top_cells(context.covisits, "recent", self.count)


class FollowingSource:
    """Items bought in the basket after one like the user's last."""

    name = "following"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top_cells(context.follows, "last", self.count)


class TrendingSource:
    """Items that sell or are looked at most, by a 7-day half-life; the same for all users."""

    name = "trending"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return np.repeat(context.top(context.catalogue.items.trend[None, :], self.count), context.queries.size, axis=0)


class RepeatSource:
    """Items that the user bought before."""

    name = "repeat"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top_listed(context.queries.bought.slots, context.queries.bought.values, self.count)


class MentionedSource:
    """Items that the user wrote about."""

    name = "mentioned"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top_listed(context.queries.named.slots, context.queries.named.values, self.count)
