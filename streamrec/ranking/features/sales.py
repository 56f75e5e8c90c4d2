"""How an item sells: to everybody, lately, in the user's country, and for how long."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import is_new, many_in_country, many_within, often_rebought, rising_within, sold_lately
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Values, log_count, recency
from streamrec.system.clock import DAY_MS

PRIOR = 2.0
"""Purchases as usual in the shop that are added to those of an item: of one that sold once, to a person who had it, nobody knows that it
is bought again."""
FEW = 3.0
"""Events of the last 90 days, decayed, below which nothing is said of a trend: what two people did would look like a rise."""


def popularity(count: Values) -> Values:
    """log(1 + count). By `log`, not `log1p`: in single precision numpy computes only the former in vector instructions."""
    return np.log(1 + count)


def trend_week(week: Values, month: Values) -> Values:
    """Log of the ratio of two rates: a count of half-life h that a steady rate keeps up is in proportion to h."""
    return np.log((30 / 7 * week + 1) / (month + 1))


def trend_month(month: Values, season: Values) -> Values:
    """The same over a month and a season."""
    return np.log((3 * month + 1) / (season + 1))


def idle(now: Values, sold_at: Values) -> Values:
    """log(1 + days since the last sale)."""
    return np.log1p(np.maximum(now - sold_at, 0) / DAY_MS)


def rebought(again: Values, purchases: Values, usually: Values) -> Values:
    """The share of purchases by people who had bought the item before."""
    return (again + PRIOR * usually) / (purchases + PRIOR)


FEATURES = (
    Feature(
        name="popularity_1d",
        scope="relative",
        unit="log(1 + events), half-life 1 day",
        reads=("count_1d",),
        formula=popularity,
        family="popular",
        reason="popular_today",
        fact=many_within(1),
    ),
    Feature(
        name="popularity_7d",
        scope="relative",
        unit="log(1 + events), half-life 7 days",
        reads=("count_7d",),
        formula=popularity,
        weight=0.3,
        family="popular",
        reason="popular_this_week",
        fact=many_within(7),
    ),
    Feature(
        name="popularity_30d",
        scope="relative",
        unit="log(1 + events), half-life 30 days",
        reads=("count_30d",),
        formula=popularity,
        weight=0.4,
        family="popular",
        reason="popular_this_month",
        fact=many_within(30),
    ),
    Feature(
        name="popularity_90d",
        scope="relative",
        unit="log(1 + events), half-life 90 days",
        reads=("count_90d",),
        formula=popularity,
        family="popular",
        reason="popular",
        fact=many_within(90),
    ),
    Feature(
        name="trend_7d",
        scope="relative",
        unit="log of the rate over 7 days to that over 30",
        reads=("count_7d", "count_30d"),
        formula=trend_week,
        missing=lambda inputs: inputs.count_90d < FEW,
        since=3,
        weight=0.15,
        family="rising",
        reason="rising",
        fact=rising_within(7, beside=30),
    ),
    Feature(
        name="trend_30d",
        scope="relative",
        unit="log of the rate over 30 days to that over 90",
        reads=("count_30d", "count_90d"),
        formula=trend_month,
        missing=lambda inputs: inputs.count_90d < FEW,
        since=3,
        family="rising",
        reason="rising",
        fact=rising_within(30, beside=90),
    ),
    Feature(
        name="country",
        scope="relative",
        unit="log(1 + purchases from the user's country), half-life 30 days",
        reads=("count_in_country",),
        formula=log_count,
        family="popular",
        reason="popular_in_country",
        fact=many_in_country,
    ),
    Feature(
        name="freshness",
        scope="relative",
        unit="exp(-age / 30 d)",
        reads=("now", "first_seen"),
        formula=recency,
        missing=lambda inputs: inputs.first_seen == 0,
        since=3,
        weight=0.15,
        family="new",
        reason="new",
        fact=is_new,
    ),
    Feature(
        name="idle",
        scope="relative",
        unit="log(1 + days since the last sale)",
        reads=("now", "sold_at"),
        formula=idle,
        missing=lambda inputs: inputs.sold_at == 0,
        since=3,
        family="popular",
        reason="still_sold",
        fact=sold_lately,
        tells="little",
    ),
    Feature(
        name="rebought",
        scope="relative",
        unit="share of purchases by people who had bought it before",
        reads=("purchases_again", "purchases", "usually_again"),
        formula=rebought,
        since=3,
        family="owned",
        reason="often_rebought",
        fact=often_rebought,
    ),
)
