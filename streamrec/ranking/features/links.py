"""What people buy along with what the user took, or after it."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import follows_last, goes_with_last, goes_with_own
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value
from streamrec.system.compiled import jit
from streamrec.system.maths import log1p

PERCENT = np.float32(100)
"""Cosines of purchases are mostly below a hundredth: without it log(1 + x) would be x itself, and one strong link would outweigh many."""


@jit
def strength(cosine: Value) -> Value:
    """log(1 + cosine in percent)."""
    return log1p(PERCENT * np.float32(cosine))


FEATURES = (
    Feature(
        name="covisits",
        scope="relative",
        unit="log(1 + 100 cosine of purchases with the recent items)",
        reads=("covisits",),
        formula=strength,
        weight=0.15,
        family="together",
        reason="bought_together",
        bond=goes_with_own,
    ),
    Feature(
        name="covisits_last",
        scope="relative",
        unit="log(1 + 100 cosine of purchases with the last basket)",
        reads=("covisits_last",),
        formula=strength,
        family="together",
        reason="bought_with_last",
        bond=goes_with_last,
    ),
    Feature(
        name="follows",
        scope="relative",
        unit="log(1 + 100 cosine of purchases after a basket like the last)",
        reads=("follows",),
        formula=strength,
        weight=0.4,
        family="together",
        reason="bought_next",
        bond=follows_last,
    ),
)
