"""Rolls over a file of events with the code that serves, and keeps what it knew of the candidates before every order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from streamrec.bert.blends import Repeats
from streamrec.catalogue.catalogue import Catalogue
from streamrec.errors import ModelError
from streamrec.evaluation.replay import Line, Replay, read_timeline
from streamrec.events.files import read_items
from streamrec.events.types import Purchase, Recommendation, Trigger
from streamrec.ranking.batch.queries import Queries
from streamrec.ranking.features.schema import POSITION
from streamrec.ranking.ranked import Field
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.worker.assembly import load_model, own_choice


@dataclass(slots=True)
class Sample:
    """One list: its time, the features of the kept candidates (candidates, features), and which of them were ordered.

    `relevant` counts all items of the order that could have been listed, candidates or not. `slots` (candidates,) are those of the
    catalogue at that moment; `user_id` and `trigger` say whom the list was for, and what it was made before.
    """

    ts: int
    features: NDArray[np.float32]
    ordered: NDArray[np.bool_]
    relevant: int
    slots: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    user_id: str = ""
    trigger: Trigger | None = None
    wrote: bool = False
    """Whether the user wrote within the last minute."""

    def without(self, names: Sequence[str]) -> Sample:
        """The same list as if nothing were known of some features."""
        features = self.features.copy()
        features[:, [POSITION[name] for name in names]] = 0.0
        return replace(self, features=features)


class RecordingRanker(Ranker):
    """Ranks as ever, and keeps what it weighed last, for each way of ranking in `blends`: state is the same for all of them."""

    def __init__(self, catalogue: Catalogue, settings: Settings, blends: Mapping[Repeats, Blend], cross_from: int = 0) -> None:
        """Before `cross_from` (ms) the cross-encoder, which is slow, is left out."""
        self._cross_from = cross_from
        self._modes, self._without = (
            {mode: Ranker(catalogue, settings.model_copy(update={"repeats": mode} | more), blend) for mode, blend in blends.items()}
            for more in ({}, {"cross_pairs": 0})
        )
        super().__init__(catalogue, settings, next(iter(blends.values())))
        self.seen: dict[Repeats, Field] = {}

    def begin(self, asked: Queries, deadline: float | None = None) -> Field:
        """As the ranker does, but nothing is left to be waited for."""
        modes = self._modes if asked.now[0] >= self._cross_from else self._without
        self.seen = {mode: ranker.weigh(asked, deadline) for mode, ranker in modes.items()}
        return next(iter(self.seen.values()))

    def samples(self, ts: int, ordered: Iterable[str]) -> dict[Repeats, Sample]:
        """The candidates of the first query weighed last, and which of them are among `ordered`."""
        wanted = self._catalogue.items.find(list(ordered))
        return {mode: _sample(ts, seen, wanted[~np.isin(wanted, _left_out(mode, seen))]) for mode, seen in self.seen.items()}


def _left_out(mode: Repeats, seen: Field) -> NDArray[np.int32]:
    return seen.shop.queries.bought.slots[0] if mode == "exclude" else np.zeros(0, np.int32)


def _sample(ts: int, seen: Field, wanted: NDArray[np.int32]) -> Sample:
    kept = seen.candidates.kept[0]
    slots = seen.candidates.slots[0][kept]
    return Sample(ts, seen.features[0][kept], np.isin(slots, wanted), len(wanted), slots, wrote=bool(seen.shop.queries.wrote[0]))


@dataclass(slots=True)
class Orders:
    """The items of every order of a file, and the time (ms) of its last line, by user and order id."""

    items: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    end: dict[tuple[str, str], int] = field(default_factory=dict)
    of_line: dict[int, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, lines: Iterable[Line]) -> Orders:
        """Collect them; refunds are no orders."""
        orders = cls()
        for line in lines:
            event = line.event
            if isinstance(event, Purchase) and event.action == "purchase":
                order = (event.user_id, event.order_id or str(line.number))
                orders.items[order].add(event.item_id)
                orders.end[order] = max(event.ts, orders.end.get(order, event.ts))
                orders.of_line[line.number] = order
        return orders

    def ordered_with(self, line: int) -> set[str]:
        """The items of the order that the line belongs to."""
        return self.items[self.of_line[line]]


def collect(
    run: Replay, ranker: RecordingRanker, lines: Iterable[Line], orders: Orders
) -> Iterator[tuple[Recommendation, dict[Repeats, Sample]]]:
    """Every list that the replay makes of `lines`, and its samples; what counts as right are the items of the trigger's order."""
    for made in run.run(lines):
        yield made, ranker.samples(made.trigger.ts, orders.ordered_with(made.trigger.offset))


@dataclass(slots=True)
class Recording:
    """A roll over a file: lists for every order within a span, and what is known to make them."""

    catalogue: Catalogue
    lines: list[Line]
    orders: Orders
    _run: Replay
    _ranker: RecordingRanker

    @classmethod
    def over(
        cls, settings: Settings, items: Path, events: Path, span: tuple[int, int], blends: Mapping[Repeats, Blend], cross_from: int = 0
    ) -> Recording:
        """Read the files: orders within `span` (ms, the end excluded) get lists, what was before is history, what comes later is not read.

        The first of the `blends` makes the lists that count as shown. Before `cross_from` (ms) the cross-encoder does not take part.

        Raises:
            InputError: a file is malformed.
        """
        settings = settings.model_copy(update={"cross_pairs_fixed": True, "candidates": "all", "k": 10, "diversity": 0.0})
        catalogue = Catalogue(load_model(settings))
        catalogue.put_items(read_items(items))
        ranker = RecordingRanker(catalogue, settings, blends, cross_from)
        lines = [line for line in read_timeline(events) if line.event.ts < span[1]]
        run = Replay(settings, catalogue, ranker, rank="before", rank_at=("purchases",), rank_from=span[0])
        return cls(catalogue, lines, Orders.read(lines), run, ranker)

    def collect(self, progress: Progress) -> Iterator[tuple[Recommendation, dict[Repeats, Sample]]]:
        """Every list with its samples, in time order."""
        return collect(self._run, self._ranker, progress.track(self.lines, description="rolling"), self.orders)


@dataclass(slots=True)
class Rolled:
    """The samples of one way of ranking, and the blend that ranked; `ids` are those of the catalogue by slot."""

    former: Blend
    ids: Sequence[str]
    samples: list[Sample] = field(default_factory=list)


def roll(
    settings: Settings, items: Path, events: Path, span: tuple[int, int], modes: Sequence[Repeats], text_from: int, progress: Progress
) -> dict[Repeats, Rolled]:
    """Samples for every order of a file within `span` (ms, the end excluded); what was before is history.

    Before `text_from` (ms) the cross-encoder does not take part.

    Raises:
        InputError: a file is malformed.
        ModelError: the text model cannot be used.
    """
    listed = [item.item_id for item in read_items(items)]
    formers = {mode: former_blend(settings, mode, listed) for mode in modes}
    recording = Recording.over(settings, items, events, span, formers, text_from)
    rolled = {mode: Rolled(former, recording.catalogue.items.ids) for mode, former in formers.items()}
    for made, samples in recording.collect(progress):
        for mode, sample in samples.items():
            sample.user_id, sample.trigger = made.user_id, made.trigger
            rolled[mode].samples.append(sample)
    return rolled


def former_blend(settings: Settings, repeats: Repeats, item_ids: Collection[str]) -> Blend:
    """What a worker would rank these items with, and the plain blend where it would refuse what its folder has."""
    try:
        choice = own_choice(settings.model_copy(update={"repeats": repeats}))
    except ModelError:
        return Blend.plain()
    choice.decide(item_ids)
    return choice.blend
