"""Picks the items of every list of a micro-batch, place by place, under diversity and limits that yield before a place stays empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.order import best_first, keys
from streamrec.ranking.selectors.diversity import Diversity, Relevance

Floats = NDArray[np.float64]
Columns = NDArray[np.intp]
POOL = 4
"""Only the best `POOL * k` candidates compete for the places of a list. The work grows with it, and an item from further below would
have to win back more score than diversity is worth."""
FAR = 1e3
"""More than the worth of candidates can differ by."""


@dataclass(slots=True)
class Limit:
    """At most `most` of each label in a list; `labels` (users, candidates) are 0 where a candidate has none."""

    labels: NDArray[np.int32]
    most: int


def choose(
    scores: Floats,
    id_rank: NDArray[np.int64],
    k: int,
    limits: Sequence[Limit] = (),
    tired: NDArray[np.bool_] | None = None,
    diverse: Callable[[Floats, Columns], Diversity] | None = None,
) -> Columns:
    """Columns of the chosen candidates, of shape (users, k), padded with -1 only where no candidate is left.

    `scores` (users, candidates) hold -inf for what may not be chosen; any other value that is not finite sinks as deep. Where
    there would be too few, the first limit yields first, then the next, and at last `tired` candidates come in; what came in so stands
    behind the others. Otherwise the best score comes first, ties by id. `diverse` makes what follows the picks from the relevance in
    [0, 1] and the columns of the pool.
    """
    ordered_by = keys(scores, id_rank)
    worn = np.zeros(scores.shape, np.int64) if tired is None else tired.astype(np.int64) << len(limits)
    beyond = sum((_beyond(ordered_by, limit) << bit for bit, limit in enumerate(limits)), worn)
    pool = best_first(keys(scores, id_rank, beyond), POOL * k if limits or diverse else k)
    yielded, picks = np.take_along_axis(beyond, pool, axis=1), pool
    if limits or diverse:
        chosen, yielded = _greedy(scores, pool, k, limits, np.take_along_axis(worn, pool, axis=1), diverse)
        picks = np.take_along_axis(pool, chosen, axis=1)
    final = keys(np.take_along_axis(scores, picks, axis=1), np.take_along_axis(id_rank, picks, axis=1), yielded)
    picks = np.take_along_axis(picks, best_first(final, k), axis=1)
    padded = np.full((len(scores), k), -1, np.intp)
    padded[:, : picks.shape[1]] = np.where(np.isfinite(np.take_along_axis(scores, picks, axis=1)), picks, -1)
    return padded


def _greedy(
    scores: Floats,
    pool: Columns,
    k: int,
    limits: Sequence[Limit],
    worn: NDArray[np.int64],
    diverse: Callable[[Floats, Columns], Diversity] | None,
) -> tuple[Columns, NDArray[np.int64]]:
    """Columns within the pool, k or as many as it has, and what yielded for each; those without a finite score come last."""
    rows = np.arange(len(pool))
    value = np.take_along_axis(scores, pool, axis=1)
    open_ = np.isfinite(value)
    relevance = _relevance(value, open_)
    follow = diverse(relevance, pool) if diverse else Relevance(relevance)
    labels = [np.take_along_axis(limit.labels, pool, axis=1) for limit in limits]
    counts = [np.zeros(pool.shape, np.int64) for _ in limits]
    picks = np.empty((len(pool), min(k, pool.shape[1])), np.intp)
    yielded = np.empty(picks.shape, np.int64)
    for place in range(picks.shape[1]):
        broken = sum(((count >= limit.most) << bit for bit, (count, limit) in enumerate(zip(counts, limits, strict=True))), worn)
        pick = np.argmax(np.where(open_, follow.worth() - FAR * broken, -np.inf), axis=1)
        # Where nothing is open argmax falls back on the first of the pool: the next of the pool without a score stands there instead.
        pick = np.where(open_[rows, pick], pick, place)
        picks[:, place], yielded[:, place] = pick, broken[rows, pick]
        open_[rows, pick] = False
        follow.take(pick)
        for label, count in zip(labels, counts, strict=True):
            count += (label == label[rows, pick][:, None]) & (label > 0)
    return picks, yielded


def _relevance(value: Floats, open_: NDArray[np.bool_]) -> Floats:
    """The scores of the pool, stretched to [0, 1]; 0 for those that are not open."""
    value = np.where(open_, value, 0.0)
    low = np.min(value, axis=1, keepdims=True, where=open_, initial=np.inf)
    high = np.max(value, axis=1, keepdims=True, where=open_, initial=-np.inf)
    return np.asarray(np.divide(value - low, high - low, out=np.zeros_like(value), where=open_ & (high > low)))


def _beyond(ordered_by: NDArray[np.int64], limit: Limit) -> NDArray[np.int64]:
    """1 for what the limit would leave out if only scores counted: candidates behind the `most` best of their label."""
    order = np.argsort(ordered_by, axis=1)[:, ::-1]
    labels = np.take_along_axis(limit.labels, order, axis=1)
    by_label = np.argsort(labels, axis=1, kind="stable")
    sorted_labels = np.take_along_axis(labels, by_label, axis=1)
    column = np.broadcast_to(np.arange(labels.shape[1]), labels.shape)
    first = np.ones(labels.shape, bool)
    first[:, 1:] = sorted_labels[:, 1:] != sorted_labels[:, :-1]
    nth = column - np.maximum.accumulate(np.where(first, column, 0), axis=1)
    beyond = np.zeros(labels.shape, np.int64)
    np.put_along_axis(beyond, np.take_along_axis(order, by_label, axis=1), (nth >= limit.most) & (sorted_labels > 0), axis=1)
    return beyond
