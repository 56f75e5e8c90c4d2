"""Candidates from what items are: near the user's interest, or new."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.sources.context import Context


class NearestSource:
    """Items whose BERT vectors are nearest to the user's interest vector, by one matrix product over all items."""

    name = "nearest"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        return context.top(context.similarity, self._count)


class NewSource:
    """The items that were put on sale last."""

    name = "new"

    def __init__(self, count: int) -> None:
        self._count = count

    def fetch(self, context: Context) -> NDArray[np.int32]:
        created = context.catalogue.items.created
        known = created[None, :] <= context.queries.now[:, None]
        return context.top(np.where(known, created, 0).astype(np.float64), self._count)
