"""Lets the text model read the best candidates beside the user's history, as far as there is time."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import Overloaded
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.features import z_scores
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.cross_encoder import CrossEncoderScorer, user_sides
from streamrec.ranking.scorers.late_scorer import LateScorer
from streamrec.settings import Settings

logger = logging.getLogger(__name__)
OVERLOAD, MODEL_FAILED = "overload", "model-failed"
"""Why lists are degraded that the model did not read as usual."""


class Reader:
    """Writes the feature `cross`. Where the model can, a late interaction stands in for the cross-encoder at first: by it more candidates
    come before the cross-encoder, and it stays when there is no time for more.
    """

    def __init__(self, settings: Settings) -> None:
        self._cross = CrossEncoderScorer(settings.cross_pairs, settings.cross_pairs_fixed)
        self._late = LateScorer(settings.late_pairs) if settings.late_pairs > 0 else None

    def read(self, shop: Context, candidates: Candidates, features: NDArray[np.float32], blend: Blend, seconds_left: float) -> str | None:
        """Read the best by the other features, as `blend` weighs them; those not read keep the average, 0.

        `features` are standardised, of shape (users, candidates, features). Returns why the lists are degraded, if they are.
        """
        count = self._cross.affordable(shop.queries.size, seconds_left)
        late = self._late if shop.catalogue.items.states.shape[2] > 0 else None
        if late is None and count == 0:
            return OVERLOAD
        column = features[:, :, POSITION["cross"]]

        def put(logits: NDArray[np.float64]) -> None:
            column[:] = z_scores(logits, candidates.kept & np.isfinite(logits))

        def by_now() -> NDArray[np.float64]:
            return np.where(candidates.kept, blend.score(features), -np.inf)

        try:
            sides = user_sides(shop)
            if late is not None:
                put(late.score(shop, sides, candidates.slots, by_now()))
            if count == 0:
                return OVERLOAD
            logits, complete = self._cross.score(shop, sides, candidates.slots, by_now(), count, seconds_left)
        except Overloaded as refusal:
            # What late interaction has written stays: it is better than nothing, and costs nothing more.
            logger.warning("%s", refusal)
            return OVERLOAD
        except Exception:
            logger.exception("the cross-encoder failed; the lists of a micro-batch go without it")
            column[:] = 0.0
            return MODEL_FAILED
        put(logits)
        return None if complete and count == self._cross.pairs else OVERLOAD
