"""All sources of candidates, each with the most that it proposes."""

from __future__ import annotations

from typing import Literal

from streamrec.ranking.sources.cold import AkinSource, NewSource, RestSource, UnsoldSource
from streamrec.ranking.sources.named import LiveSource, MentionedSource, RepeatSource, RuleSource, ShelfSource
from streamrec.ranking.sources.source import Shipped, Source
from streamrec.ranking.sources.warm import CountrySource, CovisitedSource, FollowingSource, NearestSource, PopularSource, TrendingSource

SOURCES: tuple[type[Shipped], ...] = (
    ShelfSource,
    LiveSource,
    CovisitedSource,
    NearestSource,
    TrendingSource,
    PopularSource,
    CountrySource,
    FollowingSource,
    MentionedSource,
    NewSource,
    UnsoldSource,
    AkinSource,
    RestSource,
    RuleSource,
    RepeatSource,
)
"""In the order in which a list names those that proposed an item."""


def default_sources(repeats: Literal["allow", "exclude"] = "allow") -> list[Source]:
    """All sources that have something to propose where repeats are allowed, or excluded."""
    return [kind() for kind in SOURCES if repeats == "allow" or not kind.proposes_repeats]
