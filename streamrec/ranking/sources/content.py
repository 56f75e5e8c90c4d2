"""Candidates from what items are: near the user's interest, or new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context


class NearestSource:
    """Items whose BERT vectors are nearest to the user's interest vector, by one matrix product over all items."""

    name = "nearest"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        if not context.similarity.size:
            return np.full((context.queries.size, 0), -1, np.int32)
        return context.top(context.similarity, self.count)


class NewSource:
    """The items that were put on sale last before the newest trigger; the same for all users."""

    name = "new"

    def __init__(self, count: int) -> None:
        self.count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        created, now = context.catalogue.items.created, context.queries.now
        known = np.where(created <= now.max(initial=0), created, 0)
        return np.repeat(context.top(known[None, :], self.count), context.queries.size, axis=0)
