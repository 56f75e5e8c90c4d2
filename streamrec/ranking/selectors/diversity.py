"""Keeps a list from being all of a kind: the worth of a candidate falls with its likeness to those already picked."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
LEAST = 1e-10
"""What is left of a candidate that resembles those picked in everything, so that its logarithm stays finite."""


class Diversity(Protocol):
    """Follows the picks of a micro-batch, one for every user at a time."""

    def worth(self) -> Floats:
        """What each candidate of the pool (users, pool) is worth as the next pick."""
        ...

    def take(self, pick: NDArray[np.intp]) -> None:
        """Each user's next item is the pool's column `pick` (users,)."""
        ...


class Relevance:
    """No diversity at all: the best scores."""

    def __init__(self, relevance: Floats) -> None:
        self._relevance = relevance

    def worth(self) -> Floats:
        return self._relevance

    def take(self, pick: NDArray[np.intp]) -> None:
        pass


class MaximalMarginalRelevance:
    """(1 - knob) * relevance - knob * likeness to the most similar pick (Carbonell & Goldstein, SIGIR 1998)."""

    def __init__(self, relevance: Floats, vectors: Vectors, knob: float) -> None:
        self._relevance = (1 - knob) * relevance
        self._vectors = vectors
        self._knob = knob
        self._likeness = np.zeros(relevance.shape)

    def worth(self) -> Floats:
        return np.asarray(self._relevance - self._knob * self._likeness)

    def take(self, pick: NDArray[np.intp]) -> None:
        np.maximum(self._likeness, _likeness(self._vectors, pick), out=self._likeness)


class DeterminantalPoint:
    """(1 - knob) * relevance + knob * log of the volume that a candidate adds to those picked.

    The greedy maximum a posteriori of a determinantal point process by an incremental Cholesky factor, O(pool * k) per user and
    dimension (Chen, Zhang & Zhou, NeurIPS 2018, algorithm 1 and equation 10).
    """

    def __init__(self, relevance: Floats, vectors: Vectors, knob: float, k: int) -> None:
        self._relevance = (1 - knob) * relevance
        self._vectors = vectors
        self._knob = knob
        self._factor = np.zeros((*relevance.shape, k))
        self._left = np.ones(relevance.shape)
        self._taken = 0

    def worth(self) -> Floats:
        return np.asarray(self._relevance + self._knob * np.log(np.maximum(self._left, LEAST)))

    def take(self, pick: NDArray[np.intp]) -> None:
        rows = np.arange(len(pick))
        known = np.einsum("unt,ut->un", self._factor[:, :, : self._taken], self._factor[rows, pick, : self._taken])
        added = (_likeness(self._vectors, pick) - known) / np.sqrt(np.maximum(self._left[rows, pick], LEAST))[:, None]
        self._factor[:, :, self._taken] = added
        self._left -= added**2
        self._taken += 1


def _likeness(vectors: Vectors, pick: NDArray[np.intp]) -> Floats:
    """Cosines of the whole pool to each user's pick."""
    picked = vectors[np.arange(len(pick)), pick]
    return np.asarray(np.matmul(vectors, picked[:, :, None])[:, :, 0], np.float64)
