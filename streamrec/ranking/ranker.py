"""The ranking of a micro-batch: candidates, filters, features, scores, selection. Reads as a paragraph, one call per stage."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.errors import Overloaded
from streamrec.ranking.batch.candidates import Candidates, merge
from streamrec.ranking.batch.context import Context, Source, context
from streamrec.ranking.batch.queries import Queries, queries
from streamrec.ranking.facts import because, bought_7d, few
from streamrec.ranking.features.features import features, standardised, z_scores
from streamrec.ranking.features.schema import FEATURES, POSITION
from streamrec.ranking.filters.filters import (
    BlockedFilter,
    BoughtFilter,
    Filter,
    HiddenFilter,
    OffShelfFilter,
    SoldOutFilter,
    UnlistedFilter,
    run,
)
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.scorers.cross_encoder import CrossEncoderScorer, user_sides
from streamrec.ranking.scorers.late import LateScorer
from streamrec.ranking.selectors.slate import SlateSelector, picked
from streamrec.ranking.sources.behaviour import CovisitedSource, FollowingSource, MentionedSource, RepeatSource, TrendingSource
from streamrec.ranking.sources.content import NearestSource, NewSource
from streamrec.ranking.sources.rooms import LiveSource, ShelfSource
from streamrec.ranking.sources.rules import RuleSource
from streamrec.settings import Settings
from streamrec.state.user import UserRow

logger = logging.getLogger(__name__)
DECIMALS = 6
WARM_UP = 10
NOT_FINITE = "scores-not-finite"
"""Why lists are degraded whose weights gave no scores."""
SOMETIME = 1 << 52
"""A time (ms) at which every item is known."""


def default_sources(repeats: Literal["allow", "exclude"] = "allow") -> list[Source]:
    """All sources, with the number of candidates that each may propose."""
    sources: list[Source] = [
        ShelfSource(200),
        LiveSource(200),
        CovisitedSource(150),
        NearestSource(150),
        TrendingSource(150),
        FollowingSource(60),
        MentionedSource(16),
        NewSource(30),
        RuleSource(200),
    ]
    return sources if repeats == "exclude" else [*sources, RepeatSource(200)]


@dataclass(slots=True)
class Field:
    """The candidates of a micro-batch with their standardised features, of shape (users, candidates, features)."""

    shop: Context
    candidates: Candidates
    features: NDArray[np.float32]
    live_only: bool
    removed: Counter[str]
    """Candidates removed, by filter."""
    failed: Counter[str]
    """Sources that failed, by name."""
    seconds: dict[str, float]
    """Duration by stage."""
    degraded: str | None


@dataclass(slots=True)
class Ranked:
    """The lists of a micro-batch; arrays of shape (users, k) and (users, k, features)."""

    slots: NDArray[np.int32]
    """Best first, -1 behind the last."""
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]
    """What each feature adds to the score."""
    features: NDArray[np.float64]
    """Standardised, as scored."""
    sources: NDArray[np.uint16]
    """Bits of the sources that proposed the item."""
    kept: int
    propensity: NDArray[np.float64]
    """The chance of an explored item to be where it is, NaN where the place was certain."""
    rules: dict[str, NDArray[np.float64]]
    """What each rule adds to the score (0 for a pin), NaN where it has no part."""
    because: NDArray[np.int32]
    """Slot of the user's own item that speaks most for the item, or -1."""
    bought_7d: NDArray[np.int64]
    few: NDArray[np.bool_]
    """Where too few want the item to speak of many."""
    removed: Counter[str]
    failed: Counter[str]
    seconds: dict[str, float]
    degraded: str | None


class Ranker:
    """Ranks the items of a catalogue for many users at once. The same input gives the same lists."""

    def __init__(self, catalogue: Catalogue, settings: Settings, blend: Blend | None = None, sources: list[Source] | None = None) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self.base = self.blend = blend or Blend.plain(settings.repeats)
        self._delta: NDArray[np.floating] = np.zeros(len(FEATURES))
        self.sources = default_sources(settings.repeats) if sources is None else sources
        self._names: dict[int, list[str]] = {}
        self._selector = SlateSelector(settings)
        self._cross: CrossEncoderScorer | None = None
        if catalogue.model is not None and settings.cross_pairs > 0:
            self._cross = CrossEncoderScorer(settings.cross_pairs, settings.cross_pairs_fixed)
        self._late = LateScorer(settings.late_pairs) if settings.late_pairs > 0 else None

    def rank(self, asked: Queries, waited_s: float = 0.0) -> Ranked:
        """One list per asked query, within what is left of the time that the settings allow after a wait of `waited_s`."""
        weighed = self.weigh(asked, time.perf_counter() + self._settings.budget_ms / 1000 - waited_s)
        with _stage(weighed.seconds, "selectors"):
            return self._select(weighed)

    def weigh(self, asked: Queries, deadline: float) -> Field:
        """Everything but the choice: the candidates that stay, and their features, standardised; `deadline` by `perf_counter`."""
        seconds: dict[str, float] = {}
        live_only = self._live_only()
        with _stage(seconds, "sources"):
            shop = context(asked, self._catalogue, self._catalogue.for_sale(live_only))
            candidates, failed = self._fetch(shop)
        with _stage(seconds, "filters"):
            removed = run(self._filters(live_only), shop, candidates)
        with _stage(seconds, "features"):
            found = standardised(features(shop, candidates), candidates.kept)
        with _stage(seconds, "scorers"):
            degraded = self._cross_encode(shop, candidates, found, deadline - time.perf_counter())
        return Field(shop, candidates, found, live_only, removed, failed, seconds, degraded)

    def removed(self, asked: Queries) -> dict[str, list[str]]:
        """The candidates of one query that each filter removes right now; each stands with the first filter that objects."""
        live_only = self._live_only()
        shop = context(asked, self._catalogue, self._catalogue.for_sale(live_only))
        candidates, _ = self._fetch(shop)
        found = {}
        for each in self._filters(live_only):
            before = candidates.kept[0].copy()
            run([each], shop, candidates)
            found[each.name] = [self._catalogue.items.ids[slot] for slot in candidates.slots[0, before & ~candidates.kept[0]]]
        return found

    def source_names(self, bits: int) -> list[str]:
        """The sources whose bits are set."""
        names = self._names.get(bits)
        if names is None:
            names = self._names[bits] = [source.name for number, source in enumerate(self.sources) if bits >> number & 1]
        return names

    def adjust(self, delta: Mapping[str, float], version: str) -> None:
        """From the next micro-batch on score by the base blend plus `delta` times standardised feature.

        Raises:
            ValueError: `delta` names a feature that the schema lacks.
        """
        self.blend = self.base.adjusted(delta, version)
        self._delta = self.blend.linear() - self.base.linear()

    def rebase(self, blend: Blend) -> None:
        """From the next micro-batch on score by another base blend, without what was learned on top of the former."""
        self.base = blend
        self.adjust({}, blend.version)

    @property
    def base_name(self) -> str:
        """Names the base blend and what its features are made of: what was learned on top of one base says nothing about another."""
        model = self._catalogue.model
        return f"{self.base.version}/{self._settings.repeats}/{model.revision if model else 'off'}"

    def base_scores(self, ranked: Ranked) -> NDArray[np.float64]:
        """What the base blend alone gives the ranked items, without rules, of shape (users, k)."""
        return np.asarray(ranked.contributions.sum(axis=2) - ranked.features @ self._delta)

    def warm(self) -> None:
        """Rank for nobody in particular: the first real list pays for no first use, and the speed of the cross-encoder is known."""
        for _ in range(WARM_UP):
            self.rank(queries([UserRow()], [SOMETIME], [None], self._catalogue))

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
        filters: list[Filter] = [UnlistedFilter(), SoldOutFilter(), HiddenFilter(), BlockedFilter()]
        if live_only:
            filters.append(OffShelfFilter())
        if self._settings.repeats == "exclude":
            filters.append(BoughtFilter())
        return filters

    def _cross_encode(self, shop: Context, candidates: Candidates, found: NDArray[np.float32], seconds_left: float) -> str | None:
        """Let the cross-encoder look at the best by the other features and write its column; those not scored keep the average, 0.

        Where the model can, a late interaction stands in for it at first: by it more candidates come before the cross-encoder,
        and it stays when there is no time for more. Returns why the lists are degraded, if they are.
        """
        if self._cross is None:
            return None
        count = self._cross.affordable(shop.queries.size, seconds_left)
        late = self._late if self._catalogue.items.states.shape[2] > 0 else None
        if late is None and count == 0:
            return "overload"
        column = found[:, :, POSITION["cross"]]

        def put(logits: NDArray[np.float64]) -> None:
            column[:] = z_scores(logits, candidates.kept & np.isfinite(logits))

        def by_now() -> NDArray[np.float64]:
            return np.where(candidates.kept, self.blend.score(found), -np.inf)

        try:
            sides = user_sides(shop)
            if late is not None:
                put(late.score(shop, sides, candidates.slots, by_now()))
            if count == 0:
                return "overload"
            logits, complete = self._cross.score(shop, sides, candidates.slots, by_now(), count, seconds_left)
        except Overloaded as refusal:
            logger.warning("%s", refusal)
            return "overload"
        except Exception:
            logger.exception("the cross-encoder failed; the lists of a micro-batch go without it")
            column[:] = 0.0
            return "model-failed"
        put(logits)
        return None if complete and count == self._cross.pairs else "overload"

    def _select(self, weighed: Field) -> Ranked:
        candidates = weighed.candidates
        eligible = candidates.kept & self._catalogue.for_sale(weighed.live_only)[candidates.slots]
        blend, found = self._score(weighed, eligible)
        scores = np.where(eligible, np.round(found.astype(np.float64), DECIMALS), -np.inf)
        slate = self._selector.select(weighed.shop, candidates, scores)
        slots = picked(candidates.slots, slate.columns, -1)
        chosen, contributions = _chosen(blend, weighed.features, slate.columns)
        return Ranked(
            slots=slots,
            scores=slate.scores,
            contributions=contributions,
            features=chosen,
            sources=picked(candidates.sources, slate.columns, 0),
            kept=int(candidates.kept.sum()),
            propensity=slate.propensity,
            rules=slate.rules,
            because=because(weighed.shop, slots, contributions),
            bought_7d=bought_7d(weighed.shop, slots),
            few=few(weighed.shop, slots),
            removed=weighed.removed,
            failed=weighed.failed,
            seconds=weighed.seconds,
            degraded=weighed.degraded if blend is self.blend else NOT_FINITE,
        )

    def _score(self, weighed: Field, eligible: NDArray[np.bool_]) -> tuple[Blend, NDArray[np.float32]]:
        """The scores of all candidates, and the blend that gave them: where those of one are not finite, the next has its turn.

        Features are finite, so weights are at fault: what was learned, or else the model's own. Round weights cannot be.
        """
        for blend in (self.blend, self.base):
            with np.errstate(over="ignore", invalid="ignore"):
                found = blend.score(weighed.features)
            if np.isfinite(found[eligible]).all():
                return blend, found
            logger.error("the weights %s give scores that are not finite; the lists of a micro-batch go without them", blend.version)
        plain = Blend.plain(self._settings.repeats)
        return plain, plain.score(weighed.features)


def _chosen(
    blend: Blend, features: NDArray[np.float32], columns: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The features of the chosen columns (users, k), and what each adds to the score; zeros behind the last."""
    user, place = np.nonzero(columns >= 0)
    values = features[user, columns[user, place]]
    chosen, contributions = np.zeros((2, *columns.shape, features.shape[2]))
    chosen[user, place], contributions[user, place] = values, blend.contributions(values)
    return chosen, contributions


@contextmanager
def _stage(seconds: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - begin
