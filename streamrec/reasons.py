"""Why an item is in a list: the strongest contributions to its score, as stable codes that a consumer can put into words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.features.schema import FEATURES

REASONS: dict[str, tuple[str, str]] = {
    "popularity_1d": ("popular_today", "Many people buy or look at it today."),
    "popularity_7d": ("popular_this_week", "Many people buy or look at it this week."),
    "popularity_30d": ("popular_this_month", "Many people bought it within a month."),
    "popularity_90d": ("popular", "Many people bought it within a season."),
    "covisits": ("bought_together", "People who took your recent items took it too."),
    "similarity": ("similar_to_recent", "It resembles what you bought, looked at or wrote about."),
    "repeat": ("bought_before", "You bought it before."),
    "repeat_recency": ("bought_recently", "You bought it not long ago."),
    "freshness": ("new", "It is new in the shop."),
    "price_gap": ("usual_price", "It costs about what you usually pay."),
    "cross": ("fits_your_history", "BERT, reading it beside your history, finds that it fits."),
    "shelf": ("in_this_room", "It is on the shelf of the room you are in."),
    "on_air": ("on_air", "The host shows it right now."),
    "mention": ("you_mentioned", "You wrote about it."),
    "fatigue": ("rarely_shown", "You have rarely been shown it."),
}
"""Per feature: the code and what it tells the user."""

MOST = 3
_CODES = [REASONS[name][0] for name in FEATURES]


def reasons(contributions: NDArray[np.float64]) -> list[str]:
    """The codes of the strongest positive contributions (features,), strongest first, at most three."""
    order = np.argsort(-contributions, kind="stable")[:MOST]
    return [_CODES[position] for position in order if contributions[position] > 0]
