"""The ranking of a micro-batch: candidates, filters, features, scores, selection. Reads as a paragraph, one call per stage."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.context import context
from streamrec.ranking.batch.queries import Queries, queries
from streamrec.ranking.features.features import features, standardise
from streamrec.ranking.features.schema import FEATURES
from streamrec.ranking.filters.filters import filters_for, run
from streamrec.ranking.ranked import Field, Ranked, timed
from streamrec.ranking.scorers.blend import Blend, first_finite
from streamrec.ranking.scorers.reader import Reader, Reading
from streamrec.ranking.scorers.share import Share
from streamrec.ranking.scorers.worth import UNKNOWN, Worth
from streamrec.ranking.selectors.slate import SlateSelector
from streamrec.ranking.sources.fetch import fetch
from streamrec.ranking.sources.source import Source
from streamrec.ranking.sources.sources import default_sources
from streamrec.settings import Settings
from streamrec.state.user import Said, UserRow

DECIMALS = 5
"""Of scores. Single precision has seven digits and scores have two before the point, so that what is rounded off is noise, and equal items
tie whatever the batch was."""
WARM_UP = 10
"""Lists made for nobody. The first pays for what is used for the first time, the others show how long things take; more would only keep
a worker from being ready."""
PATIENCE_S = 10.0
"""For each of them, beside which a usual list's time is nothing."""
NOBODY_SAYS = "is the large red one still here"
SOMETIME = 1 << 52
"""A time (ms) at which every item is known."""
NOT_FINITE = "scores-not-finite"
"""Why lists are degraded whose weights gave no scores."""


class Ranker:
    """Ranks the items of a catalogue for many users at once. The same input gives the same lists."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: Settings,
        blend: Blend | None = None,
        sources: list[Source] | None = None,
        share: Share | None = None,
    ) -> None:
        """Rankers that share a model share a `share`, too."""
        self._catalogue = catalogue
        self._settings = settings
        self._plain = Blend.plain()
        self.base = self.blend = blend or self._plain
        self._delta: NDArray[np.floating] = np.zeros(len(FEATURES))
        self.sources = default_sources(settings.repeats) if sources is None else sources
        self._names: dict[int, list[str]] = {}
        self._selector = SlateSelector(settings)
        self.share = Share(settings.budget_ms / 1000) if share is None else share
        self._reader = Reader(settings, catalogue, self.share) if catalogue.model is not None and settings.cross_pairs > 0 else None

    def rank(self, asked: Queries) -> Ranked:
        """One list per asked query, within the time that the settings allow."""
        return self.finish(self.begin(asked))

    def weigh(self, asked: Queries, deadline: float | None = None) -> Field:
        """Everything but the choice: the candidates that stay, and their features, standardised; `deadline` as in `begin`."""
        return self._read(self.begin(asked, deadline))

    def begin(self, asked: Queries, deadline: float | None = None) -> Field:
        """Everything up to where the model reads. `finish` waits for what it reads until `deadline` (by `perf_counter`), for `budget_ms`
        from now without one.
        """
        if deadline is None:
            deadline = time.perf_counter() + self._settings.budget_ms / 1000
        seconds: dict[str, float] = {}
        live_only = self._live_only()
        with timed(seconds, "sources"):
            shop = context(asked, self._catalogue, self._catalogue.for_sale(live_only))
            candidates, failed = fetch(self.sources, shop)
        with timed(seconds, "filters"):
            removed = run(filters_for(self._settings.repeats, live_only), shop, candidates)
        with timed(seconds, "features"):
            table = standardise(features(shop, candidates), candidates.kept)
        reading = Reading.of(asked.size, "none" if self._catalogue.model is None else "vectors")
        with timed(seconds, "scorers"):
            begun = self._reader.begin(shop, candidates, table, self.blend) if self._reader is not None else None
        return Field(shop, candidates, table, live_only, removed, failed, seconds, reading, begun, deadline)

    def finish(self, weighed: Field) -> Ranked:
        """The lists of what was begun."""
        self._read(weighed)
        with timed(weighed.seconds, "selectors"):
            return self._select(weighed)

    def _read(self, weighed: Field) -> Field:
        """What was begun, once the model has read."""
        if self._reader is not None and weighed.begun is not None:
            prepared = weighed.seconds["scorers"]
            with timed(weighed.seconds, "scorers"):
                weighed.reading = self._reader.finish(weighed.begun, weighed.deadline)
            weighed.seconds["scorers"] += prepared
            weighed.begun = None
        return weighed

    def _select(self, weighed: Field) -> Ranked:
        """The lists. What was sold out while the model read is looked for once more: reading is what takes time."""
        eligible = weighed.candidates.kept & self._catalogue.for_sale(weighed.live_only)[weighed.candidates.slots]
        blend, raw = first_finite((self.blend, self.base, self._plain), weighed.features, eligible)
        scores = np.where(eligible, np.round(raw.astype(np.float64), DECIMALS), -np.inf)
        slate = self._selector.select(weighed.shop, weighed.candidates, scores)
        reading = weighed.reading
        if blend is not self.blend:
            reading = reading._replace(degraded=[NOT_FINITE] * len(reading.degraded))
        return Ranked.of(weighed, slate, blend, reading)

    def removed(self, asked: Queries) -> dict[str, list[str]]:
        """The candidates of one query that each filter removes right now; each stands with the first filter that objects."""
        live_only = self._live_only()
        shop = context(asked, self._catalogue, self._catalogue.for_sale(live_only))
        candidates, _ = fetch(self.sources, shop)
        removed = {}
        for removing in filters_for(self._settings.repeats, live_only):
            before = candidates.kept[0].copy()
            run([removing], shop, candidates)
            removed[removing.name] = [self._catalogue.items.ids[slot] for slot in candidates.slots[0, before & ~candidates.kept[0]]]
        return removed

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

    def rebase(self, blend: Blend, worth: Worth = UNKNOWN) -> None:
        """From the next micro-batch on score by another base blend, without what was learned on top of the former.

        `worth` is what BERT's stages were worth in the shop that it was trained for.
        """
        self.base = blend
        if self._reader is not None:
            self._reader.worth = worth
        self.adjust({}, blend.version)

    @property
    def base_name(self) -> str:
        """Names the base blend and what its features are made of: what was learned on top of one base says nothing about another."""
        model = self._catalogue.model
        return f"{self.base.version}/{self._settings.repeats}/{model.revision if model else 'off'}"

    def base_scores(self, ranked: Ranked) -> NDArray[np.float64]:
        """What the base blend alone gives the ranked items, without rules, of shape (users, k)."""
        return np.asarray(ranked.contributions.sum(axis=2) - ranked.features @ self._delta)

    @property
    def shares(self) -> bool:
        """Whether the load decides how many candidates the cross-encoder reads."""
        return self._reader is not None and not self._settings.cross_pairs_fixed

    def asks(self, wrote: bool) -> bool:
        """Whether the cross-encoder is to read a list, by whether its viewer just wrote something."""
        return self._reader is not None and self._reader.asks(wrote)

    def at_once(self) -> float:
        """Lists that the cross-encoder can read together in good time."""
        return self._reader.at_once() if self._reader is not None else math.inf

    def warm(self) -> None:
        """Rank for nobody in particular: the first real list pays for no first use, and the speeds of ranking and reading are known."""
        for number in range(WARM_UP):
            # Everyone writes something else, so that the model has all their pairs to read.
            row = UserRow(said=[Said(SOMETIME, f"{number} {NOBODY_SAYS}")])
            begin = time.perf_counter()
            # Nobody waits for these lists: however slow the model is at first, its speed is to be known.
            self.finish(self.begin(queries([row], [SOMETIME], [None], self._catalogue), begin + PATIENCE_S))
            self.share.made(time.perf_counter() - begin)
        self.share.begin_anew()

    def _live_only(self) -> bool:
        wanted = self._settings.candidates
        return wanted == "live" or (wanted == "auto" and self._catalogue.rooms.any_room)
