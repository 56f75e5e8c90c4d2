"""What viewers say of an item in comments: that they want it, praise it, or complain of it."""

from __future__ import annotations

import numpy as np

from streamrec.ranking.features.about import viewers_praise_it, viewers_want_it
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.formulas import Value
from streamrec.system.compiled import jit
from streamrec.system.maths import log1p

SOME = np.float32(5)
"""Comments without a complaint that are added to those of an item: one complaint alone says little."""


@jit
def often(count: Value) -> Value:
    """0.25 log(1 + count): 1 at 54 comments that nobody copied."""
    return np.float32(0.25) * log1p(count)


@jit
def complained(complaints: Value, praises: Value, wants: Value) -> Value:
    """The share of complaints in what is said."""
    return complaints / (complaints + praises + wants + SOME)


# Weights are set by hand, as all of what no file of purchases tells. Together they move an item less than what its viewer does: what a room
# says may be bought.
FEATURES = (
    Feature(
        name="wanted",
        scope="live",
        unit="0.25 log(1 + comments that want it), half-life 7 days",
        reads=("wants",),
        formula=often,
        weight=0.5,
        since=4,
        reason="viewers_want_it",
        fact=viewers_want_it,
    ),
    Feature(
        name="praised",
        scope="live",
        unit="0.25 log(1 + comments that praise it), half-life 7 days",
        reads=("praises",),
        formula=often,
        weight=0.5,
        since=4,
        reason="viewers_praise_it",
        fact=viewers_praise_it,
    ),
    Feature(
        name="complained_of",
        scope="live",
        unit="complaints per comment that wants, praises or complains of it, and 5 more",
        reads=("complaints", "praises", "wants"),
        formula=complained,
        weight=-2.0,
        since=4,
    ),
)
