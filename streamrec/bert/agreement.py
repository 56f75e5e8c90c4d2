"""How far a graph of narrow precision agrees with the fp32 one: asked where it is made, and again where it serves."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST_LIKENESS = 0.985
"""Correlation of narrow scores with fp32 ones, or mean cosine of vectors, from which on a narrow graph may stand in for fp32.

Sound graphs had 0.993 (MiniLM's vectors, scales per column) to 0.99999 (the shipped model); those with one scale per tensor had 0.962,
and an adopted model whose sums a processor clipped 0.85.
"""
LEAST_ORDER = 0.94
"""Share of the pairs of scores that must come in the order of fp32: what normally distributed scores that correlate 0.985 have (Kendall's
tau is then 2 / pi x arcsin 0.985 = 0.89). A few far scores can carry a correlation whose list is out of order."""
ORDERED = 512
"""Scores whose order is compared, each with each."""


class Agreement(NamedTuple):
    """Likeness, share of pairs of scores in the same order (1 for vectors), and the largest difference of a number."""

    alike: float
    order: float
    apart: float

    @classmethod
    def of(cls, given: NDArray[np.float32], wanted: NDArray[np.float32]) -> Agreement:
        """That of narrow scores or vectors with fp32 ones, a row each."""
        scores = given.ndim == 1 or given.shape[1] == 1
        apart = float(np.abs(given.reshape(wanted.shape) - wanted).max())
        return cls(likeness(given, wanted), order(given, wanted) if scores else 1.0, apart if math.isfinite(apart) else math.inf)

    @property
    def sound(self) -> bool:
        """Whether the graph may stand in for the fp32 one."""
        return self.alike >= LEAST_LIKENESS and self.order >= LEAST_ORDER

    def in_words(self, where: str) -> str:
        """What was measured, and where."""
        return f"{self.alike:.4f} like fp32 {where}, {self.order:.1%} in its order, at most {self.apart:.2g} apart"


def likeness(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Mean cosine of the rows, or for one number per row the correlation; 0 if it is undefined, as for scores that are all equal."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if given.ndim == 1 or given.shape[1] == 1:
            alike = float(np.corrcoef(given.reshape(-1), wanted.reshape(-1))[0, 1])
        else:
            lengths = np.linalg.norm(given, axis=1) * np.linalg.norm(wanted, axis=1)
            alike = float(((given * wanted).sum(axis=1) / lengths).mean())
    return alike if math.isfinite(alike) else 0.0


def order(given: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Share of the pairs of unequal fp32 scores that narrow ones put in the same order; 0 if no two are unequal."""
    given, wanted = given.reshape(-1)[:ORDERED], wanted.reshape(-1)[:ORDERED]
    unequal = wanted[:, None] > wanted[None, :]
    return float((given[:, None] > given[None, :])[unequal].mean()) if unequal.any() else 0.0
