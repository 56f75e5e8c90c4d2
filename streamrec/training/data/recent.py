"""The titles that stand in a user's side of a pair: those of the items touched last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.prefix import RECENT_TITLES, TITLE_TOKENS
from streamrec.training.data.purchases import Example


def recent_titles(examples: Sequence[Example], titles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Token ids of shape (examples, 8, 10), most recent first and each item once; `titles` (items, L) are those of all items."""
    recent = np.zeros((len(examples), RECENT_TITLES, TITLE_TOKENS), np.int32)
    for row, example in zip(recent, examples, strict=True):
        touched = list(dict.fromkeys(example.recent.tolist()))[:RECENT_TITLES]
        row[: len(touched)] = titles[touched, :TITLE_TOKENS]
    return recent
