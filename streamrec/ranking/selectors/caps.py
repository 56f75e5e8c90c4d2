"""No needless repeats: what a user saw often and did not react to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.queries import Queries
from streamrec.ranking.batch.sums import among
from streamrec.state.user import SHOWN_HALF_LIFE


def tired(queries: Queries, slots: NDArray[np.int32], size: int, most: int) -> NDArray[np.bool_]:
    """Which candidates (users, candidates) were seen `most` times (decayed) or more, and left alone for that half-life, 2 hours."""
    shown, recent = queries.shown, queries.recent
    often = shown.values >= (most or np.inf)
    if not often.any():
        return np.zeros(slots.shape, bool)
    late = queries.recent_at > queries.now[:, None] - SHOWN_HALF_LIFE
    reacted = ((shown.slots[:, :, None] == recent.slots[:, None, :]) & late[:, None, :]).any(axis=2)
    return among(np.where(often & ~reacted, shown.slots, np.int32(-1)), slots, size)
