"""Follows learned weights: a version that fits the served model is used from the next batch on."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from streamrec.contract.records import Inbound
from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal
from streamrec.learning.weights import STATE, Weights, decode_weights, distance
from streamrec.ranking.features.schema import POSITION, SCHEMA
from streamrec.ranking.ranker import Ranker
from streamrec.settings import Settings

logger = logging.getLogger(__name__)


MOST_BASES = 64
"""Bases whose versions are remembered; the one that was heard of least recently makes way. A base is a model and a way of ranking, of
which a shop has some; anybody who may write to the topic can invent more."""


class WeightsFeed:
    """Hands the versions of the topic blend-weights to a ranker; implements `follower.Feed`.

    What cannot be used is refused, counted and logged, and what is served stays. Versions for other bases are remembered: the model
    may be swapped for theirs.
    """

    def __init__(self, settings: Settings, ranker: Ranker) -> None:
        self.topic = settings.topic("blend-weights")
        self._ranker = ranker
        self._most = settings.learn_max_norm
        self._known: dict[str, Weights] = {}
        self._base = ranker.base_name
        self.counts: Counter[str] = Counter()
        """What became of the versions."""

    def topics(self) -> list[str]:
        """The full name of the topic that this feed follows."""
        return [self.topic]

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Take over records in order."""
        for record in records:
            self._take(record)

    def settle(self) -> None:
        """Follow the model that serves; see `between`."""
        self.between()

    def between(self) -> None:
        """Follow a model that was swapped in: what was learned on top of another one must not touch it."""
        if self._ranker.base_name != self._base:
            self._base = self._ranker.base_name
            self._serve()

    def _take(self, record: Inbound) -> None:
        base = (record.key or b"").decode(errors="replace")
        if base.startswith(STATE):
            return
        if record.value is None:
            self._known.pop(base, None)
        else:
            try:
                weights = _checked(base, record.value, self._most)
            except (BadEvent, ValueError) as error:
                self.counts["refused"] += 1
                logger.warning("learned weights at %s-%d-%d are refused: %s", record.topic, record.partition, record.offset, error)
                return
            self._known.pop(base, None)  # so that it comes last, as the one that was heard of most recently
            self._known[base] = weights
            if len(self._known) > MOST_BASES:
                del self._known[next(other for other in self._known if other != self._base)]
        if base == self._base:
            self._serve()
        else:
            self.counts["other_base"] += 1

    def _serve(self) -> None:
        weights = self._known.get(self._base)
        if weights is None:
            self._ranker.adjust({}, self._ranker.base.version)
            return
        self._ranker.adjust(weights.delta, weights.version)
        self.counts["served"] += 1


def _checked(base: str, value: bytes, most: float) -> Weights:
    weights = decode_internal(decode_weights, value)
    if weights.base != base:
        raise ValueError(f"they belong to the base {weights.base}, their key names {base}")
    if weights.schema != SCHEMA:
        raise ValueError(f"they belong to the features {weights.schema}, this worker has {SCHEMA}: run learner and workers of one release")
    if unknown := weights.delta.keys() - POSITION.keys():
        raise ValueError(f"there is no feature {', '.join(sorted(unknown))}")
    distance(weights.delta.values(), most)
    return weights
