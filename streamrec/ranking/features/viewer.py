"""What is the same for all candidates of a list. The divisors bring what a busy user reaches to about 1."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Values, recency


def user_items(owned: Values) -> Values:
    """1 at 147 items; a row keeps 600."""
    return np.log1p(owned) / 5


def user_baskets(baskets: Values) -> Values:
    """1 at 19 baskets."""
    return np.log1p(baskets) / 3


def user_basket_size(owned: Values, baskets: Values) -> Values:
    """1 at 54 items a basket."""
    return np.log1p(owned / np.maximum(baskets, 1)) / 4


def user_interest(interest: Values) -> Values:
    """1 where as much is recent as 54 purchases."""
    return np.log1p(interest) / 4


def list_size(candidates: Values) -> Values:
    """1 at 1,096 candidates."""
    return np.log1p(candidates) / 7


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
