"""Follows the broadcast topics: the catalogue, published models and learned weights, each by a feed of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from streamrec.contract.records import Inbound
from streamrec.errors import BadEvent
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
        """Wait until what was applied is in use; before the first list."""
        ...

    def between(self) -> None:
        """Put into use what is ready; returns at once."""
        ...


class ShopFollower:
    """Implements `Follower`: hands records to the feeds whose topic it is, in the order of the feeds.

    That order matters where lists are made ready: weights follow the model that is swapped in.
    """

    def __init__(self, ranking: Ranking, catalogue: CatalogueFeed, more: Sequence[Feed]) -> None:
        self._ranking, self._catalogue = ranking, catalogue
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
        """Of whatever topic it is, the feed of the catalogue has the dead letters."""
        self._catalogue.reject(record, error)

    def warm(self) -> None:
        """Settle every feed, and rank once, which the first viewer would have to wait for."""
        for feed in self._feeds:
            feed.settle()
        for ranker in self._ranking.rankers.values():
            ranker.warm()

    def between(self) -> None:
        """See `Follower`."""
        # Rooms and rules end by the clock: no record comes when one is over.
        self._ranking.catalogue.expire(now_ms())
        for feed in self._feeds:
            feed.between()

    def polled(self, moment: float) -> None:
        """See `Follower`."""
        self._catalogue.polled(moment)
