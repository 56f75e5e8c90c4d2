"""Everything pure that a worker runs, put together by its settings."""

from __future__ import annotations

import logging
from functools import partial

from streamrec.catalogue.clustering import beside
from streamrec.catalogue.text import how_it_runs
from streamrec.contract.pieces import WorkerPieces
from streamrec.events.registry import registry
from streamrec.settings import Settings
from streamrec.worker.assembly import Ranking, build_ranking, load_model
from streamrec.worker.blend_feed import BlendFeed
from streamrec.worker.catalogue_feed import CatalogueFeed
from streamrec.worker.follower import ShopFollower
from streamrec.worker.gauges import ShopGauges
from streamrec.worker.inspector import ShopInspector
from streamrec.worker.items import ItemProcessor
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.model_swap import ModelSwap
from streamrec.worker.rooms import RoomProcessor
from streamrec.worker.understanding import load_reader, load_story, warm
from streamrec.worker.users import UserProcessor
from streamrec.worker.weights_feed import WeightsFeed

logger = logging.getLogger(__name__)


def pieces(settings: Settings) -> WorkerPieces:
    """The processors of all families over one catalogue, and what follows, shows and counts that catalogue.

    Raises:
        SettingsError, ModelError: see `assembly.build_ranking`.
    """
    ranking = build_ranking(settings, start=beside)
    catalogue, schemas = ranking.catalogue, registry(settings)
    _tell(settings, ranking)
    # One catalogue for all: what the item side counts and what the topics bring is ranked from the next micro-batch on.
    feed = CatalogueFeed(settings, catalogue, schemas=schemas)
    swap = ModelSwap(settings, catalogue, load_model, ranking.follow)
    weights = [WeightsFeed(settings, ranker) for ranker in ranking.rankers.values()]
    maker = ListMaker(
        catalogue,
        ranking.ranker,
        stale=feed.stale,
        slates=settings.slates,
        arms=ranking.arms,
        rankers=ranking.rankers,
        visible=settings.visible_places,
    )
    reader = load_reader(settings)
    users = UserProcessor(settings, catalogue, maker, feed=feed, schemas=schemas, reader=reader)
    return WorkerPieces(
        user=users,
        item=ItemProcessor(settings, catalogue),
        room=RoomProcessor(settings, catalogue, load_story(settings, catalogue), schemas=schemas),
        follower=ShopFollower(ranking, feed, [swap, BlendFeed(ranking), *weights], partial(warm, reader)),
        inspector=ShopInspector(ranking),
        gauges=ShopGauges(ranking, maker, feed, swap, weights[0], users.side.comments.counts),
    )


def _tell(settings: Settings, ranking: Ranking) -> None:
    """Log which model serves, and which settings make no sense with it."""
    model = ranking.catalogue.model
    if model is None:
        return
    level = logging.WARNING if model.precision_advice else logging.INFO
    logger.log(level, "the model %s %s runs on %s", model.name, model.revision, how_it_runs(model))
    if settings.late_pairs and not model.late_dim:
        logger.warning("late_pairs is %d, but the model has no late interaction; set it to 0", settings.late_pairs)
