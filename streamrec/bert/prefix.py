"""The user side of a pair: what the viewer wrote, then the titles of what they touched last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.tokens import PAD, SEP

SAID_TOKENS = 12
TITLE_TOKENS = 10


def user_prefixes(said: NDArray[np.int32], recent: NDArray[np.int32], limit: int) -> NDArray[np.int32]:
    """One row of token ids per user, shape (U, limit), 0-padded on the right.

    At most 12 danmaku tokens and a [SEP] when there are any, then the titles in the order given (most recent first), 10 tokens each,
    until the row is full.

    Args:
        said: danmaku tokens, shape (U, S).
        recent: tokens of the recent items' titles, shape (U, H, L); empty rows are skipped.
        limit: tokens per user.
    """
    users = len(said)
    said = said[:, :SAID_TOKENS]
    mark = np.where((said != PAD).any(axis=1, keepdims=True), SEP, PAD).astype(np.int32)
    titles = recent[:, :, :TITLE_TOKENS].reshape(users, -1)
    loose = np.concatenate([said, mark, titles, np.zeros((users, limit), np.int32)], axis=1)
    order = np.argsort(loose == PAD, axis=1, kind="stable")[:, :limit]
    return np.take_along_axis(loose, order, axis=1)
