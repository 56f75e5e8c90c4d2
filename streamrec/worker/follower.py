"""Follows the broadcast topics; catalogue, published models and learned weights each have a feed of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from streamrec.contract.records import Inbound
from streamrec.errors import BadEvent
from streamrec.ranking.rehearsal import ready
from streamrec.system.clock import now_ms
from streamrec.worker.assembly import Ranking
from streamrec.worker.catalogue_feed import CatalogueFeed


class Feed(Protocol):
    """Follows some broadcast topics, on the core thread."""

    def topics(self) -> list[str]:
        """Their full names."""
        ...

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """Take over records of one partition, in order."""
        ...

    def settle(self) -> None:
        """Wait until everything applied so far is in use. Called once, before the first list."""
        ...

    def between(self) -> None:
        """Put into use what is ready, and return at once."""
        ...


class ShopFollower:
    """Implements `Follower` by handing records to the feeds that follow their topic.

    Feeds are called in their order, which matters: weights must follow the model that has just been swapped in, and its blend.
    """

    def __init__(self, ranking: Ranking, catalogue: CatalogueFeed, more: Sequence[Feed], prepare: Callable[[], None] | None = None) -> None:
        """`prepare` makes ready what reads comments, beside the reading of the topics."""
        self._prepare = prepare
        self._ranking, self._catalogue, self._more = ranking, catalogue, more
        self._feeds: Sequence[Feed] = (catalogue, *more)
        self._feeds_of: dict[str, list[Feed]] = {}
        for feed in self._feeds:
            for topic in feed.topics():
                self._feeds_of.setdefault(topic, []).append(feed)
        # Statistics may be read before the items that they are of: until `warm`, none of them is given up as unlisted.
        ranking.catalogue.unlisted.begin()

    @property
    def topics(self) -> Collection[str]:
        """See `Follower`."""
        return self._feeds_of

    def apply(self, topic: str, records: Sequence[Inbound]) -> None:
        """See `Follower`."""
        for feed in self._feeds_of[topic]:
            feed.apply(topic, records)

    def reject(self, record: Inbound, error: BadEvent) -> None:
        """See `Follower`; the feed of the catalogue sends the dead letters of every topic."""
        self._catalogue.reject(record, error)

    def prepare(self) -> None:
        """See `Follower`; the ranking is loaded as it was compiled, or compiled."""
        ready()
        if self._prepare is not None:
            self._prepare()

    def warm(self) -> None:
        """See `Follower`; ranks for nobody in particular, so that the first viewer does not pay for the first use."""
        for feed in self._feeds:
            feed.settle()
        for ranker in self._ranking.rankers.values():
            ranker.warm()

    def between(self) -> None:
        """See `Follower`."""
        self._catalogue.between()
        # Rooms and rules end by the clock, those that have just come among them: no record comes when one is over.
        self._ranking.catalogue.expire(now_ms())
        for feed in self._more:
            feed.between()

    def polled(self, moment: float) -> None:
        """See `Follower`."""
        self._catalogue.polled(moment)
