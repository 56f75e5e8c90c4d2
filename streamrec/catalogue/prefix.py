"""The sizes of a pair's two sides, and how the user's side is put together: serving and training have them from here alone.

A network reads well only what it was trained on, so a number that differed between the two would cost quality without a fault to see.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""The special tokens; the position of each is its id."""

# With the 12 and a [SEP], the user's side of 40 keeps room for two whole titles at least. What a viewer says now is worth more than one
# more old title, but a long comment must not push all of the history out.
SAID_TOKENS = 12
"""Tokens of what the viewer wrote, the newest first."""
TITLE_TOKENS = 10
"""Tokens of each recent title: more would show fewer of the titles, fewer would cut most of them short."""
RECENT_TITLES = 8
"""Items touched last whose titles are looked at: of titles of five tokens, no more fit beside nothing said."""

# A pair costs in proportion to its tokens: 40 + 24 and 3 special ones are 30 % less than the 96 that the positions would allow.
MAX_USER_TOKENS = 40
"""Tokens of the user's side of the shipped model; a folder says its own in `config.json`."""
MAX_ITEM_TOKENS = 24
"""Tokens of an item's title, likewise."""
MAX_TOKENS = 96
"""Positions of the networks that are trained here."""


def user_prefixes(said: NDArray[np.int32], recent: NDArray[np.int32], limit: int) -> NDArray[np.int32]:
    """One row of token ids per user, shape (U, limit), 0-padded on the right.

    At most 12 danmaku tokens and a [SEP] when there are any, then up to 8 titles in the order given (most recent first), 10 tokens each,
    until the row is full.

    Args:
        said: danmaku tokens, shape (U, S).
        recent: tokens of the recent items' titles, shape (U, H, L); empty rows are skipped.
        limit: tokens per user.
    """
    users = len(said)
    said = said[:, :SAID_TOKENS]
    mark = np.where((said != PAD).any(axis=1, keepdims=True), SEP, PAD).astype(np.int32)
    titles = recent[:, :RECENT_TITLES, :TITLE_TOKENS].reshape(users, -1)
    loose = np.concatenate([said, mark, titles, np.zeros((users, limit), np.int32)], axis=1)
    order = np.argsort(loose == PAD, axis=1, kind="stable")[:, :limit]
    return np.take_along_axis(loose, order, axis=1)
