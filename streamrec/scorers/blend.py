"""The blend: a named weight for every feature, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.features.schema import FEATURES

WEIGHTS_VERSION = "2011-09"

WEIGHTS: dict[str, tuple[float, float, float, float]] = {
    # feature            repeats allowed    repeats excluded
    #                    bert     off       bert     off
    "popularity_1d": (0.29, 0.29, 0.116, 0.116),
    "popularity_7d": (1.316, 1.316, 1.661, 1.661),
    "popularity_30d": (-0.537, -0.537, 0.408, 0.408),
    "popularity_90d": (0.068, 0.068, -0.507, -0.507),
    "covisits": (0.091, 0.091, 1.038, 1.038),
    "similarity": (0.2, 0.0, 0.4, 0.0),
    "repeat": (1.307, 1.307, 0.0, 0.0),
    "repeat_recency": (-0.429, -0.429, 0.0, 0.0),
    "freshness": (0.211, 0.211, 0.557, 0.557),
    "price_gap": (0.014, 0.014, -0.088, -0.088),
    "cross": (0.2, 0.0, 0.4, 0.0),
    # No purchase in the training data has a room, a comment or an impression: these four are set by hand.
    "shelf": (2.0, 2.0, 2.0, 2.0),
    "on_air": (1.5, 1.5, 1.5, 1.5),
    "mention": (8.0, 8.0, 8.0, 8.0),
    "fatigue": (-1.5, -1.5, -1.5, -1.5),
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
