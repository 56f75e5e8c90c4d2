"""How an item sells: to everybody, lately, in the user's country, and for how long."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import (
    is_new,
    many_in_country,
    many_within,
    often_rebought,
    rising_this_month,
    rising_this_week,
    sold_lately,
)
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, log_count, recency
from streamrec.system.clock import DAY_MS
from streamrec.system.compiled import jit
from streamrec.system.maths import log, log1p

PRIOR = 2.0
"""Purchases as usual in the shop that are added to those of an item: of one that sold once, to a person who had it, nobody knows that it
is bought again."""
FEW = np.float32(3)
"""Events of the last 90 days, decayed, below which nothing is said of a trend: what two people did would look like a rise."""
ONE, UNKNOWN = np.float32(1), np.float32(np.nan)
PER_DAY = np.float32(1 / DAY_MS)


@jit
def popularity(count: Value) -> Value:
    """log(1 + count). Counts are far from 0, or their logarithm is: the exact `log1p` would cost a division."""
    return log(ONE + np.float32(count))


@jit
def trend_week(week: Value, month: Value, season: Value) -> Value:
    """Log of the ratio of two rates: a count of half-life h that a steady rate keeps up is in proportion to h."""
    return log((np.float32(30 / 7) * week + ONE) / (month + ONE)) if season >= FEW else UNKNOWN


@jit
def trend_month(month: Value, season: Value) -> Value:
    """The same over a month and a season."""
    return log((np.float32(3) * month + ONE) / (season + ONE)) if season >= FEW else UNKNOWN


@jit
def freshness(now: Value, since: Value) -> Value:
    """exp(-age / 30 d)."""
    return recency(now, since) if since > 0 else UNKNOWN


@jit
def idle(now: Value, sold_at: Value) -> Value:
    """log(1 + days since the last sale)."""
    return log1p(np.float32(max(now - sold_at, 0)) * PER_DAY) if sold_at > 0 else UNKNOWN


@jit
def rebought(again: Value, purchases: Value, usually: Value) -> Value:
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
        reads=("count_7d", "count_30d", "count_90d"),
        formula=trend_week,
        sometimes_missing=True,
        since=3,
        weight=0.15,
        family="rising",
        reason="rising",
        fact=rising_this_week,
    ),
    Feature(
        name="trend_30d",
        scope="relative",
        unit="log of the rate over 30 days to that over 90",
        reads=("count_30d", "count_90d"),
        formula=trend_month,
        sometimes_missing=True,
        since=3,
        family="rising",
        reason="rising",
        fact=rising_this_month,
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
        formula=freshness,
        sometimes_missing=True,
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
        sometimes_missing=True,
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
