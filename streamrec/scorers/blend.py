"""The blend: a named weight for every feature, in one table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.features.schema import FEATURES

WEIGHTS: dict[str, float] = {
    "popularity_1d": 0.05,
    "popularity_7d": 0.15,
    "popularity_30d": 0.20,
    "popularity_90d": 0.0,
    "covisits": 0.35,
    "similarity": 0.25,
    "repeat": 0.40,
    "repeat_recency": 0.15,
    "freshness": 0.05,
    "price_gap": -0.10,
    "cross": 0.30,
    "shelf": 0.8,
    "on_air": 0.5,
    "mention": 2.5,
    "fatigue": -0.4,
}
WEIGHTS_VERSION = "hand-1"


@dataclass(frozen=True, slots=True)
class Blend:
    """score = sum over features of weight times standardised feature."""

    weights: dict[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    version: str = WEIGHTS_VERSION

    def __post_init__(self) -> None:
        if set(self.weights) != set(FEATURES):
            raise ValueError(f"the blend needs a weight for each of {FEATURES}")

    def contributions(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each feature adds to each candidate's score, of the shape of the features; they sum to the score."""
        return np.asarray(standardised * np.array([self.weights[name] for name in FEATURES]))
