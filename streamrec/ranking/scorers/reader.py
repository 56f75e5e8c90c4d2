"""Lets the text model read the best candidates beside the user's history: late interaction at once, the cross-encoder meanwhile."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.text import CPU
from streamrec.errors import Overloaded
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.features import z_scores
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.cross_encoder import Pairs, ask, user_sides
from streamrec.ranking.scorers.late_scorer import LateScorer
from streamrec.ranking.scorers.share import Share
from streamrec.ranking.scorers.worth import UNKNOWN, Readers
from streamrec.settings import Settings

logger = logging.getLogger(__name__)
Depth = Literal["none", "vectors", "tokens", "pairs"]
OVERLOAD, MODEL_FAILED = "overload", "model-failed"
"""Why lists are degraded that the model did not read as was promised."""


class Reading(NamedTuple):
    """What the model had to say in the lists of a micro-batch, one entry for each list."""

    depth: list[Depth]
    """How closely it read."""
    degraded: list[str | None]
    """Why not as was promised."""
    pairs: list[int]
    """Candidates that the cross-encoder read."""

    @classmethod
    def of(cls, size: int, depth: Depth) -> Reading:
        """The same for all lists, none of which the cross-encoder read."""
        return cls([depth] * size, [None] * size, [0] * size)

    def lacking(self, of: NDArray[np.bool_], why: str) -> None:
        """Note that some lists were read less than was promised."""
        for user in np.flatnonzero(of).tolist():
            self.degraded[user] = why


@dataclass(slots=True)
class Begun:
    """A micro-batch that the model reads; `features` are those of its candidates, standardised, of shape (users, candidates, features)."""

    candidates: Candidates
    features: NDArray[np.float32]
    reading: Reading
    """As far as it has come."""
    asked: NDArray[np.bool_]
    """Whose lists the cross-encoder is to read."""
    late: bool
    """Whether late interaction took part."""
    pairs: Pairs | None = None
    """What the cross-encoder is reading."""
    spent_s: float = 0.0
    """What preparing these pairs took."""

    def put(self, logits: NDArray[np.float64], depth: Depth) -> None:
        """Write what the model said of some candidates into the feature `cross`; of lists without a word the former stays."""
        known = self.candidates.kept & np.isfinite(logits)
        of = known.any(axis=1)
        self.features[:, :, POSITION["cross"]][of] = z_scores(logits, known)[of]
        for user in np.flatnonzero(of).tolist():
            self.reading.depth[user] = depth

    def by_now(self, blend: Blend, of: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The scores of some users' candidates so far, -inf for all others."""
        return np.where(self.candidates.kept & of[:, None], blend.score(self.features), -np.inf)

    def failed(self) -> Reading:
        """The model raised: the lists go without whatever it said."""
        logger.exception("the cross-encoder failed; the lists of a micro-batch go without it")
        self.features[:, :, POSITION["cross"]] = 0.0
        self.reading = Reading.of(len(self.asked), "vectors")
        self.reading.lacking(self.asked | self.late, MODEL_FAILED)
        self.pairs = None
        return self.reading


class Reader:
    """Writes the feature `cross`. Where the model can, a late interaction stands in for the cross-encoder at first: by it more candidates
    come before the cross-encoder, and it stays where that does not read.

    How many candidates of a list the cross-encoder reads is decided by `share`; with `cross_pairs_fixed` it is always `cross_pairs`.
    """

    def __init__(self, settings: Settings, catalogue: Catalogue, share: Share) -> None:
        self._catalogue = catalogue
        self._for, self._most, self._fixed = settings.cross_for, settings.cross_pairs, settings.cross_pairs_fixed
        self._late = LateScorer(settings.late_pairs) if settings.late_pairs > 0 else None
        self._share = share
        self.worth = UNKNOWN
        """Of the blend that ranks."""

    def begin(self, shop: Context, candidates: Candidates, features: NDArray[np.float32], blend: Blend) -> Begun:
        """Let the model read the best by the other features, as `blend` weighs them; those not read keep the average, 0.

        A list that is promised some pairs and for which the model's queue has no room is degraded.
        """
        late = self._late if shop.catalogue.items.states.shape[2] > 0 else None
        begun = Begun(candidates, features, Reading.of(shop.queries.size, "vectors"), self._asked(shop), late is not None)
        promised = self._promised(int(begun.asked.sum()))
        if late is None and promised == 0:
            return begun
        try:
            began = perf_counter()
            sides = user_sides(shop)
            if late is not None:
                begun.put(late.score(shop, sides, candidates.slots, begun.by_now(blend, np.ones(len(begun.asked), np.bool_))), "tokens")
                began = perf_counter()
            if promised:
                begun.pairs = ask(shop, sides, candidates.slots, begun.by_now(blend, begun.asked), promised)
                begun.spent_s = perf_counter() - began
        except Overloaded as refusal:
            # What late interaction has written stays: it is better than nothing, and costs nothing more.
            logger.warning("%s", refusal)
            begun.reading.lacking(begun.asked, OVERLOAD)
        except Exception:
            begun.failed()
        return begun

    def finish(self, begun: Begun, deadline: float) -> Reading:
        """Wait until `deadline` (by `perf_counter`) for what the cross-encoder reads. Lists that lack something by then are degraded."""
        if (pairs := begun.pairs) is None:
            return begun.reading
        began = perf_counter()
        try:
            patience_s = None if self._fixed else max(0.0, deadline - began)
            logits, lacking = pairs.logits(begun.candidates.slots.shape, patience_s)
        except Exception:
            return begun.failed()
        begun.put(logits, "pairs")
        begun.reading.lacking(lacking > 0, OVERLOAD)
        begun.reading.pairs[:] = np.isfinite(logits).sum(axis=1).tolist()
        begun.pairs = None
        spent_s = begun.spent_s + perf_counter() - began
        missing = int(lacking.sum())
        self._share.came(len(pairs.users) - missing, pairs.asked.scored, pairs.asked.busy_s, spent_s, missing)
        return begun.reading

    def asks(self, wrote: bool) -> bool:
        """Whether the cross-encoder is to read the list of a viewer who wrote something just now, or did not.

        On a CPU it is what costs most, and on purchases it often adds nothing to the vectors: unless the shop's own orders say otherwise,
        it is left out there where nobody wrote anything.
        """
        readers = self._readers()
        return readers == "all" or (wrote and readers == "writers")

    def _readers(self) -> Readers:
        model = self._catalogue.model
        assert model is not None
        if not model.scores_pairs:
            return "nobody"
        if self._for != "auto":
            return self._for
        return self.worth.readers if model.provider == CPU else "all"

    def at_once(self) -> float:
        """Lists that the cross-encoder can read together in good time."""
        return math.inf if self._fixed else self._share.at_once(self._most)

    def _promised(self, lists: int) -> int:
        """Candidates of each list that the cross-encoder is to read."""
        if lists == 0 or self._fixed:
            return self._most if lists else 0
        self._share.asked(lists, self._most)
        return self._share.promise(self._most)

    def _asked(self, shop: Context) -> NDArray[np.bool_]:
        """Whose lists the cross-encoder is to read."""
        return np.where(shop.queries.wrote, self.asks(wrote=True), self.asks(wrote=False))
