"""The ranking of a micro-batch: candidates, filters, features, scores, selection. Reads as a paragraph, one call per stage."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.features.features import features, standardised
from streamrec.features.queries import Queries, queries
from streamrec.features.schema import POSITION
from streamrec.filters.filters import BoughtFilter, Filter, HiddenFilter, OffShelfFilter, SoldOutFilter, UnlistedFilter, run
from streamrec.scorers.blend import Blend
from streamrec.scorers.cross_encoder import CrossEncoderScorer
from streamrec.selectors.diversity import select
from streamrec.settings import Settings
from streamrec.sources.behaviour import CovisitedSource, MentionedSource, RepeatSource, TrendingSource
from streamrec.sources.candidates import Candidates, merge
from streamrec.sources.content import NearestSource, NewSource
from streamrec.sources.context import Context, Source, context
from streamrec.sources.rooms import LiveSource, ShelfSource
from streamrec.state.user import UserRow

logger = logging.getLogger(__name__)
DECIMALS = 6


def default_sources() -> list[Source]:
    """All sources, with the number of candidates that each may propose."""
    return [
        ShelfSource(200),
        LiveSource(200),
        CovisitedSource(150),
        NearestSource(150),
        TrendingSource(100),
        RepeatSource(100),
        MentionedSource(16),
        NewSource(30),
    ]


@dataclass(slots=True)
class Ranked:
    """The lists of a micro-batch; arrays of shape (users, k) and (users, k, features)."""

    slots: NDArray[np.int32]
    """Best first, -1 behind the last."""
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]
    """What each feature adds to the score."""
    sources: NDArray[np.uint16]
    """Bits of the sources that proposed the item."""
    removed: Counter[str] = field(default_factory=Counter)
    """Candidates removed, by filter."""
    failed: Counter[str] = field(default_factory=Counter)
    """Sources that failed, by name."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Duration by stage."""
    degraded: str | None = None


class Ranker:
    """Ranks the items of a catalogue for many users at once. The same input gives the same lists."""

    def __init__(self, catalogue: Catalogue, settings: Settings, blend: Blend | None = None, sources: list[Source] | None = None) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self.blend = blend or Blend()
        self.sources = default_sources() if sources is None else sources
        model = catalogue.model
        self._cross: CrossEncoderScorer | None = None
        if model is not None and settings.cross_pairs > 0:
            self._cross = CrossEncoderScorer(model, settings.cross_pairs, settings.cross_pairs_fixed)

    def rank(self, asked: Queries, clock: Callable[[], float] = time.perf_counter) -> Ranked:
        """One list per asked query, within the time that the settings allow from now on."""
        deadline = clock() + self._settings.budget_ms / 1000
        seconds: dict[str, float] = {}
        live_only = self._live_only()
        with _stage(seconds, "sources"):
            shop = context(asked, self._catalogue, self._catalogue.for_sale(live_only))
            candidates, failed = self._fetch(shop)
        with _stage(seconds, "filters"):
            removed = run(self._filters(live_only), shop, candidates)
        with _stage(seconds, "features"):
            raw = features(shop, candidates)
            contributions = self.blend.contributions(standardised(raw, candidates.kept))
        with _stage(seconds, "scorers"):
            contributions, degraded = self._score(shop, candidates, raw, contributions, deadline - clock())
        with _stage(seconds, "selectors"):
            ranked = self._select(shop, candidates, contributions, live_only)
        ranked.removed, ranked.failed, ranked.seconds, ranked.degraded = removed, failed, seconds, degraded
        return ranked

    def warm(self) -> None:
        """Rank once for nobody in particular, so that the first real list does not pay for first uses."""
        self.rank(queries([UserRow()], [1], [None], self._catalogue))

    def _live_only(self) -> bool:
        wanted = self._settings.candidates
        return wanted == "live" or (wanted == "auto" and self._catalogue.rooms.any_room)

    def _fetch(self, shop: Context) -> tuple[Candidates, Counter[str]]:
        proposals, failed = [], Counter[str]()
        for source in self.sources:
            try:
                proposals.append(source.fetch(shop))
            except Exception:
                logger.exception("the source %s failed and is left out of a micro-batch", source.name)
                failed[source.name] += 1
                proposals.append(np.full((shop.queries.size, 0), -1, np.int32))
        return merge(proposals, shop.queries.size, self._catalogue.items.size), failed

    def _filters(self, live_only: bool) -> list[Filter]:
        filters: list[Filter] = [UnlistedFilter(), SoldOutFilter(), HiddenFilter()]
        if live_only:
            filters.append(OffShelfFilter())
        if self._settings.repeats == "exclude":
            filters.append(BoughtFilter())
        return filters

    def _score(
        self, shop: Context, candidates: Candidates, raw: NDArray[np.float64], contributions: NDArray[np.float64], seconds_left: float
    ) -> tuple[NDArray[np.float64], str | None]:
        """Let the cross-encoder look at the best by stage one; the others keep an average opinion."""
        if self._cross is None:
            return contributions, None
        count = self._cross.affordable(shop.queries.size, seconds_left)
        degraded = "overload" if count < self._cross.pairs else None
        if count == 0:
            return contributions, degraded
        stage_one = np.where(candidates.kept, contributions.sum(axis=2), -np.inf)
        try:
            logits = self._cross.score(shop, candidates.slots, stage_one, count)
        except Exception:
            logger.exception("the cross-encoder failed; the lists of a micro-batch go without it")
            return contributions, "model-failed"
        scored = candidates.kept & np.isfinite(logits)
        column = POSITION["cross"]
        opinion = np.zeros_like(raw)
        opinion[:, :, column] = np.where(scored, logits, 0.0)
        contributions = contributions.copy()
        contributions[:, :, column] = self.blend.contributions(standardised(opinion, scored))[:, :, column]
        return contributions, degraded

    def _select(self, shop: Context, candidates: Candidates, contributions: NDArray[np.float64], live_only: bool) -> Ranked:
        slots, items, k = candidates.slots, self._catalogue.items, self._settings.k
        eligible = candidates.kept & self._catalogue.for_sale(live_only)[slots]
        scores = np.where(eligible, np.round(contributions.sum(axis=2), DECIMALS), -np.inf)
        chosen = select(scores, shop.id_rank[slots], items.vectors[slots], k, self._settings.diversity)
        rows, filled = np.arange(len(slots))[:, None], chosen >= 0
        return Ranked(
            slots=np.where(filled, slots[rows, chosen], -1),
            scores=np.where(filled, scores[rows, chosen], 0.0),
            contributions=np.where(filled[:, :, None], contributions[rows, chosen], 0.0),
            sources=np.where(filled, candidates.sources[rows, chosen], 0).astype(np.uint16),
        )


@contextmanager
def _stage(seconds: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin
