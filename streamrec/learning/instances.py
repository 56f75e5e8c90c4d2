"""What the learner is taught: one instance per reaction, the item against what was seen beside it and left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.learning.examples import Example
from streamrec.ranking.features.schema import FEATURES

Array = NDArray[np.float64]
PLACE = len(FEATURES)
"""Column behind the features: how high the item stood. What is learned for it explains clicks away and is never served."""
MOST_INVERSE_PROPENSITY = 5.0
"""What stood in its place by a chance p counts 1 / p, and never more than this: one click on a place that was drawn with a chance of 1 %
would weigh as much as a hundred others. A little bias for much less variance (truncated importance sampling, Ionides 2008)."""
MOST_PER_USER = 100
"""Reactions of a user that a batch holds. `learn_user_cap` bounds what they weigh, this the memory that one account can fill."""
MOST_FEATURE, MOST_SCORE = 100.0, 1e6
"""No worker computes more: features are bounded or logarithms, scores of boosted items may be a few dozen."""


@dataclass(frozen=True, slots=True)
class Instances:
    """n reactions; the item reacted to comes first, the ones it is compared with behind it, padded to m."""

    features: Array
    """Of shape (n, m, features + 1)."""
    base: Array
    """Scores of the base blend, (n, m)."""
    there: NDArray[np.bool_]
    """Not padding, (n, m)."""
    weight: Array
    """How much the action counts, (n,); at least 0."""
    sign: Array
    """1 where the item should stand above the others, -1 where below, (n,)."""
    users: NDArray[np.str_]
    """Hashes of the users, (n,)."""
    actions: NDArray[np.str_]
    """(n,)."""

    def __len__(self) -> int:
        return len(self.weight)

    def __getitem__(self, chosen: NDArray[np.intp]) -> Instances:
        return Instances(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Reacted:
    """One reaction before it becomes a row of arrays."""

    user: str
    action: str
    features: Array
    """(m, features + 1), the item reacted to first."""
    base: Array
    propensity: float


def is_sound(example: Example) -> bool:
    """Whether a worker could have written the numbers of an example: one feature for each of the schema, and all of them bounded."""
    values = [value for item in example.items for value in item.features]
    scores = [item.base_score for item in example.items]
    return (
        all(len(item.features) == PLACE and 0 < item.propensity <= 1 for item in example.items)
        and all(abs(value) <= MOST_FEATURE for value in values)
        and all(abs(score) <= MOST_SCORE for score in scores)
        and all(0 <= position < len(example.items) for position, _ in example.fresh)
    )


def reactions(example: Example, weights: Mapping[str, float]) -> list[Reacted]:
    """The fresh reactions that teach something; `weights` say how much each action counts.

    The item is compared with those that were seen and that nobody reacted to; where there is none, nothing is to be learned.
    """
    seen = [position for position, item in enumerate(example.items) if item.actions.keys() == {"impression"}]
    if not seen:
        return []
    table = np.array([[*item.features, 1.0 / np.log2(position + 2.0)] for position, item in enumerate(example.items)])
    base = np.array([item.base_score for item in example.items])
    made = []
    for position, action in example.fresh:
        if weights.get(action):
            order = [position, *seen]
            made.append(Reacted(example.user, action, table[order], base[order], example.items[position].propensity))
    return made


def instances(made: Sequence[Reacted], weights: Mapping[str, float]) -> Instances:
    """The reactions as arrays; what was shown by a rare chance speaks for the times when it was not (inverse propensity, bounded)."""
    most = max((len(reaction.base) for reaction in made), default=1)
    features, base = np.zeros((len(made), most, PLACE + 1)), np.zeros((len(made), most))
    there = np.zeros((len(made), most), bool)
    for row, reaction in enumerate(made):
        size = len(reaction.base)
        features[row, :size], base[row, :size], there[row, :size] = reaction.features, reaction.base, True
    counted = np.array([weights[reaction.action] for reaction in made])
    inverse = np.array([min(MOST_INVERSE_PROPENSITY, 1.0 / max(reaction.propensity, 1e-9)) for reaction in made])
    users, actions = (np.array([getattr(reaction, name) for reaction in made], dtype=np.str_) for name in ("user", "action"))
    return Instances(features, base, there, np.abs(counted) * inverse, np.sign(counted), users, actions)


def capped(weight: Array, users: NDArray[np.str_], most: float) -> Array:
    """The weights, scaled down where those of one user sum to more than `most`."""
    if not len(weight):
        return weight
    _, whose = np.unique(users, return_inverse=True)
    total = np.bincount(whose, weight)
    return np.asarray(weight * (most / np.maximum(total, most))[whose])
