"""What an item costs, and how far that is from what the user usually pays."""

from __future__ import annotations

from streamrec.ranking.features.about import near_usual_price
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, as_is
from streamrec.system.compiled import jit


@jit
def gap(log_price: Value, usual_log_price: Value) -> Value:
    """|log of the ratio of two prices|."""
    return abs(log_price - usual_log_price)


FEATURES = (
    Feature(
        name="price",
        scope="relative",
        unit="log of the price",
        reads=("log_price",),
        formula=as_is,
        sometimes_missing=True,
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
        sometimes_missing=True,
        since=3,
        family="price",
        reason="usual_price",
        fact=near_usual_price,
        tells="little",
    ),
)
