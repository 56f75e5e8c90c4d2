"""The blend: a named weight for every feature, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.features.schema import FEATURES

WEIGHTS_VERSION = "2011-09"

WEIGHTS: dict[str, tuple[float, float, float, float]] = {
    # feature            repeats allowed    repeats excluded
    #                    bert     off       bert     off
    "popularity_1d": (0.492, 0.441, 0.529, 0.433),
    "popularity_7d": (0.49, 0.48, 0.763, 0.819),
    "popularity_30d": (0.062, 0.15, 0.101, 0.369),
    "popularity_90d": (0.021, 0.065, -0.135, 0.0),
    "covisits": (-0.003, 0.093, 0.645, 0.975),
    "similarity": (0.369, 0.0, 0.75, 0.0),
    "repeat": (0.99, 1.12, 0.0, 0.0),
    "repeat_recency": (-0.24, -0.256, 0.0, 0.0),
    "freshness": (0.199, 0.239, 0.504, 0.624),
    "price_gap": (0.004, -0.003, -0.033, -0.073),
    "cross": (0.1, 0.0, 0.124, 0.0),
    # Where repeats are allowed the fit has no use for the cross-encoder (-0.04); by it, though, reaches the list what viewers write.
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

    def adjusted(self, delta: Mapping[str, float], version: str) -> Blend:
        """This blend plus a linear term: score = score of this blend + sum of delta times standardised feature.

        Raises:
            ValueError: `delta` names a feature that the schema lacks.
        """
        if unknown := delta.keys() - self.weights.keys():
            raise ValueError(f"the blend has no feature {', '.join(sorted(unknown))}")
        return replace(self, weights={name: weight + delta.get(name, 0.0) for name, weight in self.weights.items()}, version=version)

    def score(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """The score of every candidate, of shape (users, candidates), from features of shape (users, candidates, features)."""
        return np.asarray(standardised @ np.array([self.weights[name] for name in FEATURES]))

    def contributions(self, standardised: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each feature adds to each score, of the shape of `standardised` (…, features); they sum to the score."""
        return np.asarray(standardised * np.array([self.weights[name] for name in FEATURES]))
