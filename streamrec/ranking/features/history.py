"""What the user did with an item, or with things of its kind."""

from __future__ import annotations

from streamrec.ranking.features.about import bought_it, bought_it_recently, likes_brand, likes_category, looked_at_it
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value, log_count, recency
from streamrec.system.compiled import jit


@jit
def share(part: Value, whole: Value) -> Value:
    """The part of a user's interest that lies in a kind of things; 0 for a user without any."""
    return part / whole if whole > 0 else 0.0


FEATURES = (
    Feature(
        name="category",
        scope="relative",
        unit="share of the user's interest",
        reads=("interest_in_category", "interest"),
        formula=share,
        weight=0.3,
        reason="favourite_category",
        fact=likes_category,
    ),
    Feature(
        name="brand",
        scope="relative",
        unit="share of the user's interest",
        reads=("interest_in_brand", "interest"),
        formula=share,
        weight=0.3,
        reason="favourite_brand",
        fact=likes_brand,
    ),
    Feature(
        name="seen",
        scope="relative",
        unit="log(1 + views), half-life 60 days",
        reads=("seen",),
        formula=log_count,
        weight=0.3,
        reason="looked_at",
        fact=looked_at_it,
    ),
    Feature(
        name="repeat",
        scope="relative",
        unit="log(1 + purchases by the user), half-life 60 days",
        reads=("bought",),
        formula=log_count,
        family="owned",
        reason="bought_before",
        fact=bought_it,
    ),
    Feature(
        name="repeat_recency",
        scope="relative",
        unit="exp(-time since the user's last purchase of it / 30 d)",
        reads=("now", "bought_at"),
        formula=recency,
        family="owned",
        reason="bought_recently",
        fact=bought_it_recently,
    ),
)
