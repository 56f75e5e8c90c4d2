"""Chooses the items of a list: the best ones, but not all of a kind (maximal marginal relevance, Carbonell & Goldstein, SIGIR 1998)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POOL = 4
"""Only the best `POOL * k` candidates are looked at."""


def select(
    scores: NDArray[np.float64], id_rank: NDArray[np.int64], vectors: NDArray[np.float32], k: int, diversity: float
) -> NDArray[np.intp]:
    """Columns of the chosen candidates, of shape (users, k), best score first, ties by id, padded with -1.

    `scores` (users, candidates) hold -inf for what may not be chosen; any other value that is not finite sinks as deep.
    `vectors` is (users, candidates, dim), of unit length. With `diversity` 0 the best scores are taken; with 1 only likeness counts.
    """
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    order = np.lexsort((id_rank, -scores), axis=1)
    if diversity > 0 and vectors.shape[2] > 0 and scores.shape[1] > k:
        order = _marginal(scores, order[:, : POOL * k], vectors, k, diversity)
    chosen = order[:, :k]
    final = np.take_along_axis(scores, chosen, axis=1)
    rerank = np.lexsort((np.take_along_axis(id_rank, chosen, axis=1), -final), axis=1)
    chosen = np.take_along_axis(chosen, rerank, axis=1)
    valid = np.isfinite(np.take_along_axis(scores, chosen, axis=1))
    padded = np.full((len(scores), k), -1, np.intp)
    padded[:, : chosen.shape[1]] = np.where(valid, chosen, -1)
    return padded


def _marginal(
    scores: NDArray[np.float64], pool: NDArray[np.intp], vectors: NDArray[np.float32], k: int, diversity: float
) -> NDArray[np.intp]:
    """Pick k of the pool one after the other, each by (1 - diversity) * relevance - diversity * likeness to those picked."""
    rows = np.arange(len(scores))
    value = np.take_along_axis(scores, pool, axis=1)
    open_ = np.isfinite(value)
    low = np.min(value, axis=1, keepdims=True, where=open_, initial=np.inf)
    high = np.max(value, axis=1, keepdims=True, where=open_, initial=-np.inf)
    relevance = np.divide(value - low, high - low, out=np.zeros_like(value), where=open_ & (high > low))
    near = vectors[rows[:, None], pool]
    likeness = np.zeros(value.shape)
    picks = np.empty((len(scores), min(k, pool.shape[1])), np.intp)
    for place in range(picks.shape[1]):
        marginal = np.where(open_, (1 - diversity) * relevance - diversity * likeness, -np.inf)
        pick = np.argmax(marginal, axis=1)
        picks[:, place] = pool[rows, pick]
        open_[rows, pick] = False
        likeness = np.maximum(likeness, np.einsum("und,ud->un", near, near[rows, pick]))
    return _distinct(picks, value, pool)


def _distinct(picks: NDArray[np.intp], value: NDArray[np.float64], pool: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where a list ran out of candidates, argmax fell back on the first of the pool: put a candidate of -inf there instead."""
    available = np.isfinite(value).sum(axis=1)
    place = np.arange(picks.shape[1])[None, :]
    return np.where(place < available[:, None], picks, pool[np.arange(len(picks))[:, None], np.minimum(place, pool.shape[1] - 1)])
