"""Model inputs from token ids that are already there: no text is tokenised here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.prefix import CLS, PAD, SEP

Feeds = dict[str, NDArray[np.int32]]


def pair_inputs(users: NDArray[np.int32], items: NDArray[np.int32], user_of_pair: NDArray[np.intp] | None = None) -> Feeds:
    """`[CLS] user [SEP] item [SEP]` with token types 0 and 1, padded to the longest of the batch.

    Args:
        users: token ids of the user side, shape (U, S), padded on the right.
        items: token ids of the item of each pair, shape (P, L), padded on the right.
        user_of_pair: the row of `users` that belongs to each pair, shape (P,); without it the first pair's is the first, and so on.
    """
    pairs = np.arange(len(items))
    whose = pairs if user_of_pair is None else user_of_pair
    user_len, item_len = np.count_nonzero(users, axis=1), np.count_nonzero(items, axis=1)
    most_user, most_item = int(user_len.max(initial=0)), int(item_len.max(initial=0))
    before = np.zeros((len(users), most_user + 2), np.int32)
    before[:, 0] = CLS
    before[:, 1:-1] = users[:, :most_user]
    before[np.arange(len(users)), user_len + 1] = SEP
    behind = np.zeros((len(items), most_item + 1), np.int32)
    behind[:, :-1] = items[:, :most_item]
    behind[pairs, item_len] = SEP
    # The item stands behind its user however long that is: one number says where in the whole block.
    second = user_len[whose] + 2
    room = most_user + most_item + 3
    ids = np.zeros((len(items), room), np.int32)
    ids[:, : most_user + 2] = before[whose]
    ids.reshape(-1)[(pairs * room + second)[:, None] + np.arange(most_item + 1)] = behind
    length = second + item_len + 1
    width = int(length.max(initial=3))
    at = np.arange(width, dtype=np.int16)
    mask = at < length.astype(np.int16)[:, None]
    return {
        "input_ids": ids[:, :width],
        "attention_mask": mask.astype(np.int32),
        "token_type_ids": (mask & (at >= second.astype(np.int16)[:, None])).astype(np.int32),
    }


def text_inputs(tokens: NDArray[np.int32]) -> Feeds:
    """`[CLS] text [SEP]`, padded to the longest of the batch; `tokens` has shape (n, L)."""
    length = (tokens != PAD).sum(axis=1)[:, None]
    width = int(length.max(initial=0)) + 2
    at = np.arange(width)[None, :]
    ids = np.zeros((len(tokens), width), np.int32)
    ids[:, 0] = CLS
    ids[(at >= 1) & (at <= length)] = tokens[tokens != PAD]
    ids[at == length + 1] = SEP
    return {
        "input_ids": ids,
        "attention_mask": (at <= length + 1).astype(np.int32),
        "token_type_ids": np.zeros_like(ids),
    }


def length_batches(lengths: NDArray[np.intp], token_budget: int) -> Iterator[NDArray[np.intp]]:
    """Positions in batches of similar length, each of at most `token_budget` padded tokens (always at least one row).

    Every position comes exactly once; the order of rows with the same length is kept.
    """
    order = np.argsort(lengths, kind="stable")
    ordered, sizes = lengths[order], np.arange(1, len(order) + 1)
    start = 0
    while start < len(order):
        # No more rows fit than would if all were as short as the first: the others need not be looked at.
        near = ordered[start : start + token_budget // max(1, int(ordered[start]))]
        fits = int(np.count_nonzero(near * sizes[: len(near)] <= token_budget))
        stop = start + max(1, fits)
        yield order[start:stop]
        start = stop
