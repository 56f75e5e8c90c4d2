"""The features of a candidate, by name and in order."""

from __future__ import annotations

from hashlib import blake2b

VERSION = 2
"""Grows when a feature of the same name comes to mean something else."""

RELATIVE = (
    "popularity_1d",
    "popularity_7d",
    "popularity_30d",
    "popularity_90d",
    "trend_7d",
    "trend_30d",
    "country",
    "freshness",
    "idle",
    "rebought",
    "covisits",
    "covisits_last",
    "follows",
    "similarity",
    "similarity_last",
    "category",
    "brand",
    "seen",
    "repeat",
    "repeat_recency",
    "price",
    "price_gap",
    "cross",
)
"""Features that count by how far a candidate stands out among the candidates of its list (z-scores)."""

ABSOLUTE = ("owned", "owned_count", "owned_age", "age", "popular")
"""Features that mean the same in every list; all in about [0, 1]."""

USER = ("user_items", "user_baskets", "user_basket_size", "user_away", "user_interest", "list_size")
"""What is the same for all candidates of a list: it decides how much the other features count; about [0, 1]."""

LIVE = ("shelf", "on_air", "mention", "fatigue")
"""Features of the moment that no file of purchases teaches; all in [0, 1]."""

FEATURES = RELATIVE + ABSOLUTE + USER + LIVE
POSITION = {name: position for position, name in enumerate(FEATURES)}
TEXT = ("similarity", "similarity_last", "cross")
"""Features that need a text model."""

SCHEMA = blake2b(",".join([str(VERSION), *FEATURES]).encode(), digest_size=4).hexdigest()
"""Version of the schema: features of another one mean something else."""
