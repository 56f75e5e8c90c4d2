"""Variations of token rows that keep their meaning: fewer tokens, swapped neighbours, a part of the title."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def vary(ids: NDArray[np.int32], rng: np.random.Generator, rate: float) -> NDArray[np.int32]:
    """Rows (n, L), 0-padded, of which a share of `rate` is cropped, and of whose tokens a share of `rate` each is dropped and swapped."""
    return swap_tokens(drop_tokens(crop(ids, rng, rate), rng, rate), rng, rate)


def drop_tokens(ids: NDArray[np.int32], rng: np.random.Generator, rate: float) -> NDArray[np.int32]:
    """Leave tokens out, but never all of a row, so that no single word identifies an item."""
    drop = (rng.random(ids.shape) < rate) & (ids != 0)
    drop &= drop.sum(axis=1, keepdims=True) < (ids != 0).sum(axis=1, keepdims=True)
    return _to_the_left(np.where(drop, 0, ids))


def swap_tokens(ids: NDArray[np.int32], rng: np.random.Generator, rate: float) -> NDArray[np.int32]:
    """Exchange tokens with their right neighbours; no token moves twice."""
    swap = rng.random(ids.shape) < rate
    swap[:, :-1] &= ids[:, 1:] != 0
    swap[:, -1] = False
    for place in range(1, ids.shape[1]):
        swap[:, place] &= ~swap[:, place - 1]
    order = np.tile(np.arange(ids.shape[1]), (len(ids), 1))
    order[swap] += 1
    order[:, 1:][swap[:, :-1]] -= 1
    return np.take_along_axis(ids, order, axis=1)


def crop(ids: NDArray[np.int32], rng: np.random.Generator, rate: float) -> NDArray[np.int32]:
    """Keep of some rows only a run of at least half of their tokens."""
    lengths = (ids != 0).sum(axis=1)
    # Half of a title still names the thing; less might leave a colour or a size.
    kept = np.ceil(lengths * rng.uniform(0.5, 1.0, len(ids))).astype(np.intp)
    first = (rng.random(len(ids)) * (lengths - kept + 1)).astype(np.intp)
    at = np.arange(ids.shape[1])[None, :]
    outside = (at < first[:, None]) | (at >= (first + kept)[:, None])
    chosen = rng.random(len(ids)) < rate
    return _to_the_left(np.where(outside & chosen[:, None], 0, ids))


def _to_the_left(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.take_along_axis(ids, np.argsort(ids == 0, axis=1, kind="stable"), axis=1)
