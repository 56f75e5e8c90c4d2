"""Candidates from what people do: bought along, trending, and the user's own purchases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.sources.context import Context


class CovisitedSource:
    """Items bought along with the user's recent ones."""

    name = "covisited"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top(context.covisits, self._count)


class TrendingSource:
    """Items that sell or are looked at most, by a 7-day half-life; the same for all users."""

    name = "trending"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        best = context.top(context.catalogue.items.trend()[None, :], self._count)
        return np.repeat(best, context.queries.size, axis=0)


class RepeatSource:
    """Items that the user bought before."""

    name = "repeat"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        bought = context.queries.bought
        return context.top(bought.dense(context.catalogue.items.size), self._count)


class MentionedSource:
    """Items that the user wrote about."""

    name = "mentioned"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top(context.queries.named.dense(context.catalogue.items.size), self._count)
