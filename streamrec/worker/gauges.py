"""What the metrics say of the model and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from streamrec.ranking.arms import DEFAULT
from streamrec.worker.assembly import Ranking
from streamrec.worker.catalogue_feed import CatalogueFeed
from streamrec.worker.list_maker import ListMaker
from streamrec.worker.model_swap import ModelSwap
from streamrec.worker.weights_feed import WeightsFeed


class ShopGauges:
    """Implements `Gauges`. All arms of an experiment follow the same weights, so that counting those of the first is enough."""

    def __init__(
        self, ranking: Ranking, maker: ListMaker, feed: CatalogueFeed, swap: ModelSwap, weights: WeightsFeed, comments: Mapping[str, int]
    ) -> None:
        self._ranking, self._catalogue, self._maker = ranking, ranking.catalogue, maker
        self._feed, self._swap, self._weights, self._comments = feed, swap, weights, comments

    def model(self) -> Mapping[str, str]:
        """See `Gauges`."""
        model = self._catalogue.model  # once: a swap may put another one in its place meanwhile
        precision = model.precision if model is not None else "none"
        choice, served = self._ranking.choices[DEFAULT], self._maker.model()
        return {
            "name": served.name,
            "revision": served.revision,
            "provider": served.provider,
            "precision": precision,
            "blend": choice.blend.version,
            "blend_why": choice.why,
        }

    def pairs(self) -> Mapping[str, int]:
        """See `Gauges`; counted by the model, so that they begin anew with the next one."""
        return self._catalogue.model.counts if self._catalogue.model is not None else {}

    def comments(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._comments

    def reading(self) -> Mapping[str, float]:
        """See `Gauges`; nothing where the number of pairs is fixed."""
        ranker = self._ranking.ranker
        if not ranker.shares:
            return {}
        return {name: value for name, value in ranker.share.load._asdict().items() if value == value}

    def swaps(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._swap.counts

    def weights(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._weights.counts

    def held(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._catalogue.held()

    def dropped(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._catalogue.dropped()

    def nearest(self) -> Mapping[str, int]:
        """See `Gauges`."""
        return self._catalogue.items.clustering.state()

    def recall(self) -> float | None:
        """See `Gauges`."""
        return self._catalogue.items.clustering.recall()

    def awaiting(self) -> int:
        """See `Gauges`."""
        return self._feed.awaiting()
