"""Makes the lists that answer triggers: rows in, recommendations out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, groupby
from typing import Any

import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.types import ModelRef, RankedItem, Recommendation, Trigger
from streamrec.learning.slates import Slate, slate_of
from streamrec.ranking.arms import DEFAULT, Arms
from streamrec.ranking.batch.queries import queries, wrote
from streamrec.ranking.features.schema import FEATURES
from streamrec.ranking.ranked import Field, Ranked
from streamrec.ranking.ranker import DECIMALS, Ranker
from streamrec.ranking.reasons.codes import EXPLORED, RULE, codes
from streamrec.ranking.reasons.sentences import ASKED, BECAUSE, BOUGHT, PRAISED
from streamrec.ranking.scorers.reader import Depth
from streamrec.state.apply import show
from streamrec.state.user import UserRow
from streamrec.system.clock import now_ms
from streamrec.understanding.aspects import ASPECTS

logger = logging.getLogger(__name__)
MICRO_BATCH = 64
"""Most lists that are ranked at once. Over 1,000 items, micro-batches of 16, 64 and 256 users made 3,025, 3,730 and 3,668 lists a second
(benchmarks/results/ranking.json): beyond 64 little is gained, and the first viewer waits longer."""


@dataclass(slots=True)
class Request:
    """A list to be made: for whom, and in answer to which triggers. `trigger` is the last of those that it covers."""

    user_id: str
    row: UserRow
    trigger: Trigger
    covers: list[tuple[str, int, int]]
    room_id: str | None = None
    traceparent: bytes | None = None
    appended_ms: int | None = None
    """When the broker got the trigger."""

    arm: str = DEFAULT
    """Decides by which ranker; filled in by the `ListMaker`."""

    @property
    def list_id(self) -> str:
        """Depends on the trigger alone, so that a list that is made again has the same id."""
        return f"{self.trigger.topic}-{self.trigger.partition}-{self.trigger.offset}"


@dataclass(slots=True)
class Made:
    """Recommendations in the order of the requests, and what was counted and timed on the way."""

    lists: list[Recommendation] = field(default_factory=list)
    kept: int = 0
    slates: list[Slate | None] = field(default_factory=list)
    """The lists as they were scored; None for an empty one, and where nobody asks for them."""
    removed: Counter[str] = field(default_factory=Counter)
    failed_sources: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def arrange(self, order: Sequence[int]) -> None:
        """Undo the sorting of the requests: `order` says which request each list answers.

        Raises:
            ValueError: there is not one list, and one slate, for each request.
        """
        if not len(self.lists) == len(self.slates) == len(order):
            raise ValueError(f"{len(self.lists)} lists and {len(self.slates)} slates were made for {len(order)} requests")
        back = np.argsort(order).tolist()
        self.lists, self.slates = [self.lists[place] for place in back], [self.slates[place] for place in back]


@dataclass(frozen=True, slots=True)
class Built:
    """The lists and slates of a micro-batch in the order of the requests, before any row has changed."""

    lists: list[Recommendation]
    slates: list[Slate | None]
    ranked: Ranked | None = None
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A micro-batch that is ranked up to where the model reads, and how long its queries took."""

    field: Field
    prepared_s: float


class ListMaker:
    """Ranks requests in micro-batches and notes in the rows that lists were made."""

    def __init__(
        self,
        catalogue: Catalogue,
        ranker: Ranker,
        clock_ms: Callable[[], int] | None = now_ms,
        stale: Callable[[], bool] = lambda: False,
        slates: bool = False,
        arms: Arms | None = None,
        rankers: Mapping[str, Ranker] | None = None,
        visible: int = 0,
    ) -> None:
        """Without a clock a list is generated at the event time of its trigger and has no phase times (replay).

        `rankers` serve the arms of an experiment, and `ranker` everybody who is in none. The first `visible` places of a list are taken
        for seen as long as the shop sends no impressions.
        """
        self._catalogue = catalogue
        self._arms = arms or Arms()
        self._rankers = {DEFAULT: ranker, **(rankers or {})}
        self._share = ranker.share
        self._clock_ms = clock_ms
        self._stale = stale
        self._slates = slates
        self._visible = visible

    def model(self, depth: Depth = "none", pairs: int = 0) -> ModelRef:
        """The model that serves now, and how closely it read."""
        model = self._catalogue.model
        return ModelRef(name=model.name, revision=model.revision, provider=model.provider, depth=depth, pairs=pairs) if model else NO_MODEL

    def make(self, requests: Sequence[Request]) -> Made:
        """One list per request; two requests of one call must not share a row."""
        made, begin = Made(), time.perf_counter()
        for request in requests:
            request.arm = self._arms.of(request.user_id)
        appended = [request.appended_ms for request in requests if request.appended_ms is not None]
        self._share.arrived(max(appended) / 1000 if appended else None)
        # Those whom the model reads come first: it reads while the others are ranked.
        order = sorted(range(len(requests)), key=lambda number: (requests[number].arm, not self._asks(requests[number])))
        ahead: tuple[Sequence[Request], Weighed | None] | None = None
        for _, same in groupby(order, key=lambda number: requests[number].arm):
            for batch in self._cut([requests[number] for number in same]):
                weighed = self._weighed(batch)
                if ahead is not None:
                    self._together(*ahead, made)
                ahead = batch, weighed
        if ahead is not None:
            self._together(*ahead, made)
        made.arrange(order)
        self._share.made(time.perf_counter() - begin)
        return made

    def _asks(self, request: Request) -> bool:
        return self._rankers[request.arm].asks(wrote(request.row, request.trigger.ts))

    def _cut(self, group: Sequence[Request]) -> Iterator[Sequence[Request]]:
        """Micro-batches of the requests of one arm: of no more lists than the model can read in good time, and MICRO_BATCH at most."""
        left = self._rankers[group[0].arm].at_once() if group else 0.0
        most, begin, read = max(1.0, left), 0, 0
        for end, request in enumerate(group):
            asks = self._asks(request)
            if end - begin == MICRO_BATCH or (asks and read + 1 > most and end > begin):
                yield group[begin:end]
                begin, read = end, 0
            read += asks
        yield group[begin:]

    def _weighed(self, batch: Sequence[Request]) -> Weighed | None:
        """Rank up to where the model reads, or None where that fails."""
        try:
            return self._begin(batch)
        except Exception:
            logger.exception("ranking a micro-batch failed; its lists are made one by one")
            return None

    def _together(self, batch: Sequence[Request], weighed: Weighed | None, made: Made) -> None:
        """Make the lists of a micro-batch; rows change only once all of them are there."""
        built = None
        if weighed is not None:
            try:
                built = self._build(batch, weighed)
            except Exception:
                logger.exception("ranking a micro-batch failed; its lists are made one by one")
        if built is not None:
            self._hand_over(batch, built, made)
            return
        for request in batch:
            self._alone(request, made)

    def _alone(self, request: Request, made: Made) -> None:
        try:
            built = self._build([request], self._begin([request]))
        except Exception:
            logger.exception("ranking for one user failed; the list is empty and marked as degraded")
            built = Built([self._recommend(request, [], {}, "none", "ranking-failed")], [None])
        self._hand_over([request], built, made)

    def _hand_over(self, batch: Sequence[Request], built: Built, made: Made) -> None:
        """Note in the rows what is shown. A fault here fails the whole call, so that no list is made twice."""
        visible = 0 if self._catalogue.items.has_impressions else self._visible
        for request, recommendation, slate in zip(batch, built.lists, built.slates, strict=True):
            show(request.row, [item.item_id for item in recommendation.items[:visible]], request.trigger.ts)
            made.lists.append(recommendation)
            made.slates.append(slate)
        if (ranked := built.ranked) is not None:
            made.kept += ranked.kept
            made.removed += ranked.removed
            made.failed_sources += ranked.failed
            made.seconds.update(built.seconds)

    def _begin(self, batch: Sequence[Request]) -> Weighed:
        """Rank a micro-batch up to where the model reads. Like `_build` it changes nothing, so that a fault can be retried with fewer."""
        begin = time.perf_counter()
        asked = queries(
            [request.row for request in batch],
            [request.trigger.ts for request in batch],
            [request.room_id for request in batch],
            self._catalogue,
            [request.list_id for request in batch],
        )
        prepared_s = time.perf_counter() - begin
        return Weighed(self._rankers[batch[0].arm].begin(asked), prepared_s)

    def _build(self, batch: Sequence[Request], weighed: Weighed) -> Built:
        """Make the lists and slates of a micro-batch."""
        ranked = self._rankers[batch[0].arm].finish(weighed.field)
        seconds = {"queries": weighed.prepared_s, **ranked.seconds}
        places = [self._items(request, *user) for request, user in zip(batch, _by_user(ranked), strict=True)]
        lists = [
            self._recommend(request, items, seconds, *reading)
            for request, items, reading in zip(batch, places, zip(*ranked.reading, strict=True), strict=True)
        ]
        nothing: list[Slate | None] = [None] * len(lists)
        slates = _slates(self._rankers[batch[0].arm], lists, ranked) if self._slates else nothing
        return Built(lists, slates, ranked, seconds)

    def _items(self, request: Request, places: Sequence[tuple[Any, ...]], rules: Mapping[str, Sequence[float]]) -> list[RankedItem]:
        catalogue, room = self._catalogue, request.room_id or request.row.room_id
        source_names = self._rankers[request.arm].source_names
        items = []
        for place, (slot, score, sources, propensity, own, bought, asked, praised, contributions, speak) in enumerate(places):
            if slot < 0:
                break
            ruled = {rule: added[place] for rule, added in rules.items() if added[place] == added[place]}
            explored = propensity == propensity
            why = [*ruled, *([EXPLORED] if explored else []), *codes(speak)]
            items.append(
                RankedItem(
                    item_id=catalogue.items.ids[slot],
                    room_id=catalogue.rooms.room_of(slot, room),
                    rank=place + 1,
                    score=score,
                    # Those that are not 0.
                    scores=dict(compress(zip(FEATURES, contributions, strict=True), contributions))
                    | {rule: round(added, DECIMALS) for rule, added in ruled.items() if added},
                    reasons=why,
                    sources=source_names(sources),
                    because=catalogue.items.ids[own] if own >= 0 and BECAUSE.intersection(why) else None,
                    bought_7d=bought if bought and BOUGHT.intersection(why) else None,
                    asked_about=ASPECTS[asked - 1] if asked and ASKED.intersection(why) else None,
                    praised_for=ASPECTS[praised - 1] if praised and PRAISED.intersection(why) else None,
                    propensity=round(propensity, DECIMALS) if explored else None,
                )
            )
        return items

    def _recommend(
        self, request: Request, items: list[RankedItem], seconds: dict[str, float], depth: Depth, degraded: str | None, pairs: int = 0
    ) -> Recommendation:
        row, trigger = request.row, request.trigger
        timed = self._clock_ms is not None
        return Recommendation(
            list_id=request.list_id,
            user_id=request.user_id,
            room_id=request.room_id or row.room_id,
            trigger=trigger,
            generated_ts=self._clock_ms() if self._clock_ms is not None else trigger.ts,
            items=items,
            model=self.model(depth, pairs),
            weights_version=self._rankers[request.arm].blend.version,
            seq=row.seq + 1,
            covers=request.covers,
            arm=request.arm,
            phases_ms={name: round(1000 * value, 3) for name, value in seconds.items()} if timed else {},
            degraded="stale-catalogue" if self._stale() else degraded,
        )


NO_MODEL = ModelRef(name="none", revision="", provider="none")


def _by_user(ranked: Ranked) -> Iterator[tuple[list[tuple[Any, ...]], dict[str, Sequence[float]]]]:
    """For each user: the columns of every place, and what each rule, by its reason, adds to every place."""
    arrays = (
        ranked.slots,
        np.round(ranked.scores, DECIMALS),
        ranked.sources,
        ranked.propensity,
        ranked.because,
        ranked.bought_7d,
        ranked.asked_about,
        ranked.praised_for,
        np.round(ranked.contributions, DECIMALS),
        ranked.speak,
    )
    rules = {f"{RULE}:{rule_id}": added.tolist() for rule_id, added in ranked.rules.items()}
    for user, columns in enumerate(zip(*(array.tolist() for array in arrays), strict=True)):
        yield list(zip(*columns, strict=True)), {rule: added[user] for rule, added in rules.items()}


def _slates(ranker: Ranker, lists: Sequence[Recommendation], ranked: Ranked) -> list[Slate | None]:
    base, name = ranker.base_scores(ranked), ranker.base_name
    return [
        slate_of(made, name, base[user, : len(made.items)], ranked.features[user, : len(made.items)]) if made.items else None
        for user, made in enumerate(lists)
    ]
