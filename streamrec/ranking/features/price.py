"""What an item costs, and how far that is from what the user usually pays."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import near_usual_price
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Values, as_is


def gap(log_price: Values, usual_log_price: Values) -> Values:
    """|log of the ratio of two prices|."""
    return np.abs(log_price - usual_log_price)


FEATURES = (
    Feature(
        name="price",
        scope="relative",
        unit="log of the price",
        reads=("log_price",),
        formula=as_is,
        missing=lambda inputs: np.isnan(inputs.log_price),
        since=3,
        family="price",
        reason="usual_price",
        fact=near_usual_price,
        # Which way a user's taste for prices goes is in the weight: the sentence is true of a dear item as of a cheap one.
        tells="neither",
    ),
    Feature(
        name="price_gap",
        scope="relative",
        unit="log of the price to the user's mean price, without its sign",
        reads=("log_price", "usual_log_price"),
        formula=gap,
        missing=lambda inputs: np.isnan(inputs.usual_log_price) | np.isnan(inputs.log_price),
        since=3,
        family="price",
        reason="usual_price",
        fact=near_usual_price,
        tells="little",
    ),
)
