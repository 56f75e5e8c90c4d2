"""Puts the parts together: model, catalogue, ranker and the two processors of a worker or of a replay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from streamrec.catalogue.catalogue import Catalogue, Keeping
from streamrec.catalogue.text import TextModel, how_it_runs
from streamrec.contract.pieces import WorkerPieces
from streamrec.contract.records import Inbound, Rows
from streamrec.events.registry import registry
from streamrec.ranking.arms import DEFAULT, Arms, load_arms
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.settings import Settings
from streamrec.state.user import UserRow
from streamrec.state.view import known
from streamrec.system.clock import DAY_MS, now_ms
from streamrec.worker.catalogue_feed import CatalogueFeed
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.model_swap import ModelSwap
from streamrec.worker.users import UserProcessor
from streamrec.worker.waiting import backlog
from streamrec.worker.weights_feed import WeightsFeed

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Ranking:
    """A catalogue, and the rankers over it: one for everyone, or one for each arm of an experiment."""

    catalogue: Catalogue
    arms: Arms
    rankers: dict[str, Ranker]

    @property
    def ranker(self) -> Ranker:
        """The one by the settings as they are."""
        return self.rankers[DEFAULT]


def load_model(settings: Settings) -> TextModel | None:
    """The text model that the settings name, or None when scoring is off.

    Raises:
        ModelError: see `streamrec.bert.model.TextModel.load`.
    """
    if settings.scoring == "off":
        return None
    from streamrec.bert.model import TextModel as BertModel

    late = settings.late_pairs > 0
    return BertModel.load(settings.model, settings.device, settings.threads, settings.precision, settings.score_cache_mb, late)


def build_ranking(settings: Settings, model: TextModel | None = None) -> Ranking:
    """Rankers over an empty catalogue, each with the blend that its settings name or that the model folder has for its way of ranking.

    Without a model the one that the settings name serves.

    Raises:
        SettingsError: the arms have no sense.
        ModelError: the model folder or a blend in it cannot be used.
    """
    arms, varied = load_arms(settings)
    catalogue = Catalogue(load_model(settings) if model is None else model, keeping(settings))
    return Ranking(catalogue, arms, {name: Ranker(catalogue, each, own_blend(each)) for name, each in varied.items()})


def keeping(settings: Settings) -> Keeping:
    """How much the catalogue keeps of what no item record lists, and for how long, by the settings."""
    return Keeping(
        strangers=max(1, settings.unlisted_items // settings.partitions),
        stranger_ms=settings.unlisted_days * DAY_MS,
        removed_ms=settings.removed_days * DAY_MS,
        room_silence_ms=int(1000 * settings.room_silence_s),
    )


def own_blend(settings: Settings) -> Blend:
    """The blend that the settings name, or else that of their model folder for their way of ranking."""
    from streamrec.bert.blends import load_blend, read_blend
    from streamrec.bert.folder import ModelFolder

    if settings.blend is not None:
        return read_blend(settings.blend)[0]
    return load_blend(ModelFolder.load(settings.model), settings.repeats, settings.scoring)


def _own_blends(chosen: Settings, ranking: Ranking) -> Callable[[], None]:
    """Read the blends of the folder of a chosen model; what is returned has the rankers use them."""
    _, varied = load_arms(chosen)
    blends = {name: own_blend(each) for name, each in varied.items()}

    def take() -> None:
        for name, ranker in ranking.rankers.items():
            ranker.rebase(blends[name])

    return take


def pieces(settings: Settings) -> WorkerPieces:
    """Everything pure that a worker runs."""
    ranking = build_ranking(settings)
    catalogue = ranking.catalogue
    catalogue.unlisted.begin()
    schemas = registry(settings)
    feed = CatalogueFeed(settings, catalogue, schemas=schemas)
    if catalogue.model is not None:
        model = catalogue.model
        level = logging.WARNING if model.precision_advice else logging.INFO
        logger.log(level, "the model %s %s runs on %s", model.name, model.revision, how_it_runs(model))
        if settings.late_pairs and not model.late_dim:
            logger.warning("late_pairs is %d, but the model has no late interaction; set it to 0", settings.late_pairs)
    maker = ListMaker(catalogue, ranking.ranker, stale=feed.stale, slates=settings.slates, arms=ranking.arms, rankers=ranking.rankers)
    swap = ModelSwap(settings, catalogue, load_model, lambda chosen: _own_blends(chosen, ranking))
    weights = [WeightsFeed(settings, ranker) for ranker in ranking.rankers.values()]

    def learned(topic: str, records: Sequence[Inbound]) -> None:
        for each in weights:
            each.apply(topic, records)

    def settle() -> None:
        for each in weights:
            each.settle()

    def between() -> None:
        feed.between()
        catalogue.expire(now_ms())
        swap.between()
        settle()

    def warm() -> None:
        catalogue.unlisted.settle()
        swap.settle()
        settle()
        for ranker in ranking.rankers.values():
            ranker.warm()

    def removed(rows: Rows[Any], user_id: str) -> dict[str, list[str]]:
        row = rows.get(user_id.encode())
        if not isinstance(row, UserRow):
            return {}
        ranker = ranking.rankers.get(ranking.arms.of(user_id), ranking.ranker)
        return ranker.removed(queries([row], [now_ms()], [None], catalogue))

    def info() -> dict[str, str]:
        model = catalogue.model
        return {**msgspec.structs.asdict(maker.model), "precision": model.precision if model is not None else "none"}

    return WorkerPieces(
        user=UserProcessor(settings, catalogue, maker, feed=feed, schemas=schemas),
        item=ItemProcessor(settings, catalogue),
        broadcast=dict.fromkeys(feed.topics(), feed.apply) | dict.fromkeys(swap.topics(), swap.apply) | {weights[0].topic: learned},
        reject=feed.reject,
        warm=warm,
        polled=feed.polled,
        known=lambda rows, user_id: known(rows.get, user_id),
        names=catalogue.names,
        removed=removed,
        between=between,
        info=info,
        pairs=lambda: catalogue.model.counts if catalogue.model is not None else {},
        swaps=lambda: swap.counts,
        weights=lambda: weights[0].counts,
        awaiting=feed.awaiting,
        backlog=backlog,
        held=catalogue.held,
        dropped=catalogue.dropped,
    )
