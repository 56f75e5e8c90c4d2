"""Picks the items of every list of a micro-batch, place by place, under diversity and limits that yield before a place stays empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.order import key
from streamrec.ranking.selectors.diversity import DPP, NONE, Diversity, take, worth
from streamrec.system.compiled import inlined, jit

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
    diverse: Diversity | None = None,
) -> Columns:
    """Columns of the chosen candidates, of shape (users, k), padded with -1 only where no candidate is left.

    `scores` (users, candidates) hold -inf for what may not be chosen; any other value that is not finite sinks as deep. Where
    there would be too few, the first limit yields first, then the next, and at last `tired` candidates come in; what came in so stands
    behind the others. Otherwise the best score comes first, ties by id.
    """
    labels = np.stack([limit.labels for limit in limits]) if limits else np.zeros((0, *scores.shape), np.int32)
    most = np.array([limit.most for limit in limits], np.int64)
    worn = np.zeros(scores.shape, bool) if tired is None else tired
    pool = POOL * k if limits or diverse else k
    if diverse is None:
        nothing = np.zeros((0, 0), np.float32), np.zeros((len(scores), 0), np.int32)
        return _choose(scores, id_rank, k, pool, labels, most, worn, NONE, 0.0, *nothing)
    return _choose(scores, id_rank, k, pool, labels, most, worn, diverse.number, diverse.knob, diverse.vectors, diverse.slots)


@jit
def _choose(
    scores: Floats,
    id_rank: NDArray[np.int64],
    k: int,
    most_pool: int,
    labels: NDArray[np.int32],
    most: NDArray[np.int64],
    tired: NDArray[np.bool_],
    method: int,
    knob: float,
    vectors: NDArray[np.float32],
    slots: NDArray[np.int32],
) -> Columns:
    users, width = scores.shape
    chosen = np.full((users, k), -1, np.intp)
    pool, keys = np.empty(min(most_pool, width), np.intp), np.empty(min(most_pool, width), np.int64)
    beyond = np.zeros(width, np.int64)
    for user in range(users):
        _beyond(scores[user], id_rank[user], labels[:, user], most, tired[user], beyond)
        count = _pool(scores[user], id_rank[user], beyond, pool, keys)
        mine = pool[:count]
        if len(most) or method != NONE:
            worn = np.zeros(count, np.int64)
            for place in range(count):
                worn[place] = np.int64(tired[user, mine[place]]) << len(most)
            picks, yielded = _greedy(scores[user], mine, min(k, count), labels[:, user], most, worn, method, knob, vectors, slots[user])
        else:
            picks, yielded = np.arange(count), np.zeros(count, np.int64)
            for place in range(count):
                yielded[place] = beyond[mine[place]]
        final = np.empty(len(picks), np.int64)
        for place in range(len(picks)):
            column = mine[picks[place]]
            final[place] = -key(scores[user, column], id_rank[user, column], yielded[place])
        order = np.argsort(final)
        for place in range(min(k, len(picks))):
            chosen[user, place] = mine[picks[order[place]]]
    return chosen


@inlined
def _pool(scores: Any, id_rank: Any, beyond: Any, pool: Any, keys: Any) -> Any:
    """Write the columns with the highest keys into `pool`, best first; returns how many there are."""
    size = 0
    for column in range(len(scores)):
        if not np.isfinite(scores[column]):
            continue
        mine = key(scores[column], id_rank[column], beyond[column])
        if size == len(pool):
            if size == 0 or mine <= keys[size - 1]:
                continue
            size -= 1
        place = size
        while place and keys[place - 1] < mine:
            keys[place], pool[place] = keys[place - 1], pool[place - 1]
            place -= 1
        keys[place], pool[place] = mine, column
        size += 1
    return size


@inlined
def _beyond(scores: Any, id_rank: Any, labels: Any, most: Any, tired: Any, beyond: Any) -> Any:
    """What yields for each candidate if only scores count: one bit for each limit of whose label more are better, the highest for tired."""
    for column in range(len(scores)):
        beyond[column] = np.int64(tired[column]) << len(most)
    if not len(most):
        return
    order = np.empty(len(scores), np.int64)
    for column in range(len(scores)):
        order[column] = -key(scores[column], id_rank[column], 0) if np.isfinite(scores[column]) else np.iinfo(np.int64).max
    order = np.argsort(order)
    for limit in range(len(most)):
        highest = 0
        for column in range(len(scores)):
            highest = max(highest, labels[limit, column])
        met = np.zeros(highest + 1, np.int64)
        for best in order:
            label = labels[limit, best]
            if label > 0 and np.isfinite(scores[best]):
                if met[label] >= most[limit]:
                    beyond[best] += np.int64(1) << limit
                met[label] += 1


@inlined
def _greedy(scores: Any, pool: Any, k: Any, labels: Any, most: Any, worn: Any, method: Any, knob: Any, vectors: Any, slots: Any) -> Any:
    """`k` places within the pool, and what yielded for each."""
    size, limits = len(pool), len(most)
    relevance = _relevance(scores, pool)
    picks, yielded = np.empty(k, np.int64), np.empty(k, np.int64)
    apart = np.ones(size) if method == DPP else np.zeros(size)
    factor = np.empty((size if method == DPP else 0, k))
    counts, open_ = np.zeros((limits, size), np.int64), np.ones(size, np.bool_)
    for taken in range(k):
        pick, best, broken_best = -1, -np.inf, np.int64(0)
        for place in range(size):
            if open_[place]:
                broken = worn[place]
                for limit in range(limits):
                    if counts[limit, place] >= most[limit]:
                        broken += np.int64(1) << limit
                value = worth(method, knob, relevance[place], apart[place]) - FAR * broken
                if value > best:
                    pick, best, broken_best = place, value, broken
        picks[taken], yielded[taken], open_[pick] = pick, broken_best, False
        if method != NONE:
            take(method, vectors, slots, pool, pick, taken, apart, factor)
        for limit in range(limits):
            label = labels[limit, pool[pick]]
            for place in range(size):
                if label > 0 and labels[limit, pool[place]] == label:
                    counts[limit, place] += 1
    return picks, yielded


@inlined
def _relevance(scores: Any, pool: Any) -> Any:
    """The scores of the pool, stretched to [0, 1]."""
    low, high = np.inf, -np.inf
    for column in pool:
        low, high = min(low, scores[column]), max(high, scores[column])
    stretched = np.zeros(len(pool))
    if high > low:
        for place in range(len(pool)):
            stretched[place] = (scores[pool[place]] - low) / (high - low)
    return stretched
