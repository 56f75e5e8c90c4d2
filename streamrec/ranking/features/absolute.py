"""What means the same in every list: where all candidates are alike in something, only this tells that they are."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import bought_it, bought_it_recently, is_new, many_within
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, recency
from streamrec.ranking.features.sales import rebought
from streamrec.system.clock import DAY_MS
from streamrec.system.compiled import jit
from streamrec.system.maths import log1p

LEAST_GAP_MS = DAY_MS / 2
"""Two purchases of an item within half a day are one errand, and say nothing of when it is used up."""


@jit
def owned(count: Value) -> Value:
    """Whether there was any."""
    return count > 0


@jit
def owned_count(count: Value) -> Value:
    """0.4 log(1 + count): 1 at eleven purchases."""
    return np.float32(0.4) * log1p(count)


@jit
def owned_rebuy(bought: Value, again: Value, purchases: Value, usually: Value) -> Value:
    """How likely people who have the item buy it again, where the user has it."""
    return rebought(again, purchases, usually) if bought > 0 else 0.0


@jit
def owned_times(times: Value) -> Value:
    """log(1 + times) / 3: 1 at nineteen."""
    return log1p(times) / 3


@jit
def owned_share(times: Value, baskets: Value) -> Value:
    """In how many of the user's baskets it was. Baskets are known by what was first or last bought in them, so that there may be more."""
    return min(times / max(baskets, 1), 1.0)


@jit
def due(now: Value, last: Value, first: Value, times: Value) -> Value:
    """1 when just as much time has gone by as usually lies between two purchases of the item by the user, and less before and after."""
    if times <= 1 or first <= 0:
        return 0.0
    gone, usual = max(now - last, LEAST_GAP_MS), max((last - first) / (times - 1), LEAST_GAP_MS)
    return min(gone, usual) / max(gone, usual)


@jit
def in_last_basket(bought_at: Value, last: Value) -> Value:
    """Whether the newest purchase of it is of the user's last basket."""
    return bought_at >= last


@jit
def in_basket_before(bought_at: Value, last: Value, before: Value) -> Value:
    """Whether the newest purchase of it is of the basket before that."""
    return before <= bought_at < last


@jit
def newcomers(count: Value) -> Value:
    """0.25 log(1 + count): 1 at 54 purchases. In a shop where nobody is new, one account must not stand out by it."""
    return np.float32(0.25) * log1p(count)


@jit
def popular(count: Value) -> Value:
    """0.1 log(1 + count): 1 at 22,000 purchases within a month."""
    return np.float32(0.1) * log1p(count)


FEATURES = (
    Feature(
        name="owned",
        scope="absolute",
        unit="1 if the user bought it",
        reads=("bought",),
        formula=owned,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_count",
        scope="absolute",
        unit="0.4 log(1 + purchases by the user), half-life 60 days",
        reads=("bought",),
        formula=owned_count,
        weight=1.0,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_age",
        scope="absolute",
        unit="exp(-time since the user's last purchase of it / 30 d)",
        reads=("now", "bought_at"),
        formula=recency,
        family="owned",
        reason="bought_recently",
        fact=bought_it_recently,
    ),
    Feature(
        name="owned_rebuy",
        scope="absolute",
        unit="share of purchases by people who had bought the item before, where the user has; else 0",
        reads=("bought", "purchases_again", "purchases", "usually_again"),
        formula=owned_rebuy,
        since=3,
        weight=7.0,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_times",
        scope="absolute",
        unit="log(1 + times that the user bought it) / 3",
        reads=("bought_times",),
        formula=owned_times,
        since=3,
        weight=1.0,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_share",
        scope="absolute",
        unit="times that the user bought it, per basket of the user, at most 1",
        reads=("bought_times", "baskets"),
        formula=owned_share,
        since=3,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_due",
        scope="absolute",
        unit="time since the user's last purchase of it and usual time between two, the shorter over the longer; 0 below two purchases",
        reads=("now", "bought_at", "bought_since", "bought_times"),
        formula=due,
        since=3,
        weight=3.0,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="owned_last",
        scope="absolute",
        unit="1 if it was in the user's last basket",
        reads=("bought_at", "last_basket_at"),
        formula=in_last_basket,
        since=3,
        family="owned",
        reason="bought_recently",
        fact=bought_it_recently,
    ),
    Feature(
        name="owned_before_last",
        scope="absolute",
        unit="1 if it was in the user's basket before the last, and not again",
        reads=("bought_at", "last_basket_at", "basket_before_at"),
        formula=in_basket_before,
        since=3,
        weight=0.3,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="age",
        scope="absolute",
        unit="exp(-age / 30 d)",
        reads=("now", "first_seen"),
        formula=recency,
        family="new",
        reason="new",
        fact=is_new,
    ),
    Feature(
        name="newcomers_7d",
        scope="absolute",
        unit="0.25 log(1 + first purchases by people new to the shop), half-life 7 days",
        reads=("newcomers_7d",),
        formula=newcomers,
        since=3,
        weight=0.3,
        family="popular",
        reason="popular_this_week",
        fact=many_within(7),
    ),
    Feature(
        name="newcomers_30d",
        scope="absolute",
        unit="0.25 log(1 + first purchases by people new to the shop), half-life 30 days",
        reads=("newcomers_30d",),
        formula=newcomers,
        since=3,
        weight=0.3,
        family="popular",
        reason="popular_this_month",
        fact=many_within(30),
    ),
    Feature(
        name="popular",
        scope="absolute",
        unit="0.1 log(1 + events), half-life 30 days",
        reads=("count_30d",),
        formula=popular,
        weight=1.5,
        family="popular",
        reason="popular_this_month",
        fact=many_within(30),
    ),
)
