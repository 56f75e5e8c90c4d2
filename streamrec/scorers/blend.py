"""The blend: a named weight for every feature, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.features.schema import FEATURES

WEIGHTS_VERSION = "hand-1"

WEIGHTS: dict[str, tuple[float, float, float, float]] = {
    # feature            repeats allowed    repeats excluded
    #                    bert     off       bert     off
    "popularity_1d": (0.05, 0.05, 0.05, 0.05),
    "popularity_7d": (0.15, 0.15, 0.15, 0.15),
    "popularity_30d": (0.20, 0.20, 0.20, 0.20),
    "popularity_90d": (0.00, 0.00, 0.00, 0.00),
    "covisits": (0.35, 0.35, 0.35, 0.35),
    "similarity": (0.25, 0.00, 0.25, 0.00),
    "repeat": (0.40, 0.40, 0.00, 0.00),
    "repeat_recency": (0.15, 0.15, 0.00, 0.00),
    "freshness": (0.05, 0.05, 0.05, 0.05),
    "price_gap": (-0.10, -0.10, -0.10, -0.10),
    "cross": (0.30, 0.00, 0.30, 0.00),
    # No purchase in the training data has a room, a comment or an impression: these four are set by hand.
    "shelf": (0.8, 0.8, 0.8, 0.8),
    "on_air": (0.5, 0.5, 0.5, 0.5),
    "mention": (2.5, 2.5, 2.5, 2.5),
    "fatigue": (-0.4, -0.4, -0.4, -0.4),
}


@dataclass(frozen=True, slots=True)
class Blend:
    """score = sum over features of weight times standardised feature."""

    weights: dict[str, float]
    version: str = WEIGHTS_VERSION

    def __post_init__(self) -> None:
        if set(self.weights) != set(FEATURES):
            raise ValueError(f"the blend needs a weight for each of {FEATURES}")

    @classmethod
    def of(cls, repeats: Literal["allow", "exclude"], *, bert: bool) -> Blend:
        """The blend of the table for this way of ranking."""
        column = 2 * (repeats == "exclude") + (not bert)
        return cls({name: values[column] for name, values in WEIGHTS.items()})

    def contributions(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each feature adds to each candidate's score, of the shape of the features; they sum to the score."""
        return np.asarray(standardised * np.array([self.weights[name] for name in FEATURES]))
