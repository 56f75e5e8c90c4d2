"""What a source of candidates is."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context

Slots = NDArray[np.int32]


class Source(Protocol):
    """Proposes candidates. One that fails is left out of the micro-batch and counted."""

    name: str

    def fetch(self, context: Context) -> Slots:
        """Slots of shape (users, n), padded with -1, in any order, without repeats within a row."""
        ...


class Shipped:
    """A source of streamrec's own: proposes at most `count` items for each user. An instance may have another number than its class."""

    name: str
    count: int
    proposes_repeats = False
    """Whether all that it proposes was bought before, so that without repeats there is no use for it."""

    def __init__(self, count: int | None = None) -> None:
        if count is not None:
            self.count = count

    def fetch(self, context: Context) -> Slots:
        raise NotImplementedError
