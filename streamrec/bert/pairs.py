"""Model inputs from token ids that are already there: no text is tokenised here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.prefix import CLS, PAD, SEP

Feeds = dict[str, NDArray[np.int32]]


def pair_inputs(users: NDArray[np.int32], items: NDArray[np.int32]) -> Feeds:
    """`[CLS] user [SEP] item [SEP]` with token types 0 and 1, padded to the longest of the batch.

    Args:
        users: token ids of the user side, shape (P, S), padded on the right.
        items: token ids of the items, shape (P, L), padded on the right.
    """
    user_len = (users != PAD).sum(axis=1)[:, None]
    item_len = (items != PAD).sum(axis=1)[:, None]
    width = int((user_len + item_len).max(initial=0)) + 3
    at = np.arange(width)[None, :]
    ids = np.zeros((len(users), width), np.int32)
    ids[:, 0] = CLS
    from_user = (at >= 1) & (at <= user_len)
    from_item = (at > user_len + 1) & (at <= user_len + 1 + item_len)
    ids[from_user] = users[users != PAD]
    ids[from_item] = items[items != PAD]
    ids[(at == user_len + 1) | (at == user_len + item_len + 2)] = SEP
    mask = at <= user_len + item_len + 2
    return {
        "input_ids": ids,
        "attention_mask": mask.astype(np.int32),
        "token_type_ids": (mask & (at > user_len + 1)).astype(np.int32),
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
    ordered = lengths[order]
    start = 0
    while start < len(order):
        sizes = np.arange(1, len(order) - start + 1)
        fits = int(np.count_nonzero(ordered[start:] * sizes <= token_budget))
        stop = start + max(1, fits)
        yield order[start:stop]
        start = stop
