"""Lets the text model read the best candidates beside the user's history, as far as there is time."""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.text import CPU
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
Depth = Literal["none", "vectors", "tokens", "pairs"]
OVERLOAD, MODEL_FAILED = "overload", "model-failed"
"""Why lists are degraded that the model did not read as usual."""


class Reading(NamedTuple):
    """What the model had to say in the lists of a micro-batch, one entry for each: how closely it read, and why not as usual."""

    depth: list[Depth]
    degraded: list[str | None]

    @classmethod
    def of(cls, size: int, depth: Depth) -> Reading:
        """The same for all lists."""
        return cls([depth] * size, [None] * size)


class Reader:
    """Writes the feature `cross`. Where the model can, a late interaction stands in for the cross-encoder at first: by it more candidates
    come before the cross-encoder, and it stays where that does not read or has no time for more.
    """

    def __init__(self, settings: Settings) -> None:
        self._for = settings.cross_for
        self._cross = CrossEncoderScorer(settings.cross_pairs, settings.cross_pairs_fixed)
        self._late = LateScorer(settings.late_pairs) if settings.late_pairs > 0 else None

    def read(self, shop: Context, candidates: Candidates, features: NDArray[np.float32], blend: Blend, seconds_left: float) -> Reading:
        """Read the best by the other features, as `blend` weighs them; those not read keep the average, 0.

        `features` are standardised, of shape (users, candidates, features). Lists that the cross-encoder is to read and does not, or only
        in part, are degraded.
        """
        size, asked = shop.queries.size, self._asked(shop)
        column = features[:, :, POSITION["cross"]]
        late = self._late if shop.catalogue.items.states.shape[2] > 0 else None
        reading = Reading.of(size, "vectors")

        def put(logits: NDArray[np.float64], depth: Depth) -> None:
            known = candidates.kept & np.isfinite(logits)
            of = known.any(axis=1)
            column[of] = z_scores(logits, known)[of]
            for user in np.flatnonzero(of).tolist():
                reading.depth[user] = depth

        def by_now(of: NDArray[np.bool_]) -> NDArray[np.float64]:
            return np.where(candidates.kept & of[:, None], blend.score(features), -np.inf)

        def lacking(of: NDArray[np.bool_], why: str) -> Reading:
            for user in np.flatnonzero(of).tolist():
                reading.degraded[user] = why
            return reading

        count = self._cross.affordable(int(asked.sum()), seconds_left) if asked.any() else 0
        if late is None and count == 0:
            return lacking(asked, OVERLOAD)
        everyone = np.ones(size, np.bool_)
        try:
            sides = user_sides(shop)
            if late is not None:
                put(late.score(shop, sides, candidates.slots, by_now(everyone)), "tokens")
            if count == 0:
                return lacking(asked, OVERLOAD)
            logits, complete = self._cross.score(shop, sides, candidates.slots, by_now(asked), count, seconds_left)
        except Overloaded as refusal:
            # What late interaction has written stays: it is better than nothing, and costs nothing more.
            logger.warning("%s", refusal)
            return lacking(asked, OVERLOAD)
        except Exception:
            logger.exception("the cross-encoder failed; the lists of a micro-batch go without it")
            column[:] = 0.0
            reading = Reading.of(size, "vectors")
            return lacking(everyone if late is not None else asked, MODEL_FAILED)
        put(logits, "pairs")
        return reading if complete and count == self._cross.pairs else lacking(asked, OVERLOAD)

    def _asked(self, shop: Context) -> NDArray[np.bool_]:
        """Whose lists the cross-encoder is to read. On purchases it adds nothing to the vectors, and on a CPU it is what costs most: where
        nobody wrote anything it is left out there."""
        model = shop.catalogue.model
        assert model is not None
        if self._for == "writers" or (self._for == "auto" and model.provider == CPU):
            return shop.queries.wrote
        return np.ones(shop.queries.size, np.bool_)
