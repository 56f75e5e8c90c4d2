"""What is the same for all candidates of a list. The divisors bring what a busy user reaches to about 1."""

from __future__ import annotations

from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, recency
from streamrec.system.compiled import jit
from streamrec.system.maths import log1p


@jit
def user_items(owned: Value) -> Value:
    """1 at 147 items; a row keeps 600."""
    return log1p(owned) / 5


@jit
def user_baskets(baskets: Value) -> Value:
    """1 at 19 baskets."""
    return log1p(baskets) / 3


@jit
def user_basket_size(owned: Value, baskets: Value) -> Value:
    """1 at 54 items a basket."""
    return log1p(owned / max(baskets, 1)) / 4


@jit
def user_interest(interest: Value) -> Value:
    """1 where as much is recent as 54 purchases."""
    return log1p(interest) / 4


@jit
def list_size(candidates: Value) -> Value:
    """1 at 1,096 candidates."""
    return log1p(candidates) / 7


FEATURES = (
    Feature(name="user_items", scope="user", unit="log(1 + items bought) / 5", reads=("items_owned",), formula=user_items),
    Feature(name="user_baskets", scope="user", unit="log(1 + baskets) / 3", reads=("baskets",), formula=user_baskets),
    Feature(
        name="user_basket_size",
        scope="user",
        unit="log(1 + items per basket) / 4",
        reads=("items_owned", "baskets"),
        formula=user_basket_size,
    ),
    Feature(
        name="user_away", scope="user", unit="exp(-time since the last purchase / 30 d)", reads=("now", "last_bought_at"), formula=recency
    ),
    Feature(name="user_interest", scope="user", unit="log(1 + interest) / 4", reads=("interest",), formula=user_interest),
    Feature(name="list_size", scope="user", unit="log(1 + candidates) / 7", reads=("candidates",), formula=list_size, neutral=None),
)
