"""What each action teaches, apart from the others: clicks may praise what purchases do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streamrec.learning.instances import Instances, capped
from streamrec.learning.learner import Rates, bounded, learn
from streamrec.learning.weights import Head

Array = NDArray[np.float64]
KEPT = 0.9
"""What is left of a head's evidence after each batch, half of it after seven: an action that no longer happens loses its say."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Largest change by one batch, and largest distance from nothing (Euclidean, features only), of each head and of their mean."""

    step: float
    norm: float


class Heads:
    """One linear term over the features for each action that occurred, and how much evidence it rests on.

    What is served is their mean, weighted by evidence: reactions times what the setting `weight_<action>` says that they count.
    """

    def __init__(self, rates: Rates, bounds: Bounds, start: Array, heads: Mapping[str, Head] | None = None) -> None:
        """The first head begins at `start`, of shape (features + 1,)."""
        self._rates, self._bounds, self._start = rates, bounds, start
        self._thetas = {action: np.array(head.theta) for action, head in (heads or {}).items()}
        self._evidence = {action: head.evidence for action, head in (heads or {}).items()}

    def teach(self, batch: Instances, served: Array, seed: int) -> Array:
        """Learn from a batch and give the mean of all heads, held within the bounds around what is served.

        A new head begins where the others stand. A user's reactions are capped over all heads together.
        """
        batch = replace(batch, weight=capped(batch.weight, batch.users, self._rates.user_cap))
        start = self.mean()
        self._evidence = {action: KEPT * evidence for action, evidence in self._evidence.items()}
        for action in map(str, np.unique(batch.actions)):
            own = batch[np.flatnonzero(batch.actions == action)]
            before = self._thetas.get(action, start)
            self._thetas[action] = bounded(learn(own, before, self._rates, seed), before, self._bounds.step, self._bounds.norm)
            self._evidence[action] = self._evidence.get(action, 0.0) + float(own.weight.sum())
        mean = self.mean()
        held = bounded(mean, served, self._bounds.step, self._bounds.norm)
        # What the bounds cut off is forgotten: heads that ran ahead would pull on for long after their cause was gone.
        self._thetas = {action: theta + held - mean for action, theta in self._thetas.items()}
        return held

    def mean(self) -> Array:
        """All heads as one term, of shape (features + 1,)."""
        total = sum(self._evidence.values())
        if not total:
            return self._start
        return np.asarray(sum(self._evidence[action] / total * theta for action, theta in self._thetas.items()))

    def reset(self, theta: Array) -> None:
        """All heads go on from here: something else is served than they had learned."""
        self._start, self._thetas = theta, dict.fromkeys(self._thetas, theta)

    def state(self) -> dict[str, Head]:
        """What a later process needs to go on."""
        return {action: Head(theta.tolist(), self._evidence[action]) for action, theta in self._thetas.items()}
