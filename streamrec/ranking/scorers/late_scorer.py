"""Scores many candidates by late interaction: which of them the cross-encoder looks at, and what stands in for it under overload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.order import among_best


@dataclass(frozen=True, slots=True)
class LateScorer:
    """The `pairs` best candidates of each list."""

    pairs: int

    def score(
        self, context: Context, sides: NDArray[np.int32], slots: NDArray[np.int32], stage_one: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Scores of shape (users, candidates), NaN for those that are not scored; `sides` are the users' sides of pairs."""
        scores = np.full(slots.shape, np.nan)
        items, model = context.catalogue.items, context.catalogue.model
        assert model is not None
        users, columns = np.nonzero(among_best(stage_one, context.id_rank[slots], self.pairs))
        if len(users):
            scores[users, columns] = model.late_score(sides, items.sides, slots[users, columns], users)
        return scores
