"""The features of a candidate, by name and in order."""

from __future__ import annotations

from hashlib import blake2b

RELATIVE = (
    "popularity_1d",
    "popularity_7d",
    "popularity_30d",
    "popularity_90d",
    "covisits",
    "similarity",
    "repeat",
    "repeat_recency",
    "freshness",
    "price_gap",
    "cross",
)
"""Features that count by how far a candidate stands out among the candidates of its list (z-scores)."""

ABSOLUTE = ("shelf", "on_air", "mention", "fatigue")
"""Features that mean the same in every list; all in [0, 1]."""

FEATURES = RELATIVE + ABSOLUTE
POSITION = {name: position for position, name in enumerate(FEATURES)}

SCHEMA = blake2b(",".join(FEATURES).encode(), digest_size=4).hexdigest()
"""Version of the schema: features of another one mean something else."""
