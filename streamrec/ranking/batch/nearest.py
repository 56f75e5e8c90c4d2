"""The items whose vectors are nearest to what users are interested in: of all, or in a large shop of those in the best clusters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.clusters import Clusters
from streamrec.ranking.batch.best import best, best_listed
from streamrec.ranking.batch.context import Context
from streamrec.system.compiled import inlined, jit

Floats = NDArray[np.float32]
Slots = NDArray[np.int32]
PRODUCTS = 1 << 26
"""Products of users and items that are made at once: 256 MiB."""
TOGETHER = 64
"""Users who look through the clusters together: a vector that several of them want is fetched from memory once."""


def nearest(context: Context, count: int) -> Slots:
    """The `count` slots of the pool with the highest cosines above 0 for each user, in no order, ties by id, padded with -1.

    In a large pool a few of them are missed, and others stand in their place; how many is measured (`Clustering.recall`).
    """
    items, asked, pool, id_rank = context.catalogue.items, context.interest, context.pool, context.id_rank
    clustering, size = items.clustering, len(context.pool_slots)
    clusters = clustering.ready(items.vectors, items.listed) if asked.shape[1] and size >= clustering.large else None
    if clusters is None:
        return exact(asked, items.vectors, context.pool_slots, pool, id_rank, count)
    found = in_clusters(asked, items.vectors, clusters, clusters.probes(size), pool, id_rank, count)
    turn = clustering.turn(len(asked))
    if turn is not None:
        one, told, vectors, slots = asked[turn : turn + 1], found[turn], items.vectors, context.pool_slots
        clustering.measure(lambda: share(told, exact(one, vectors, slots, pool, id_rank, count)))
    return found


def exact(asked: Floats, vectors: Floats, pool_slots: Slots, pool: NDArray[np.bool_], id_rank: NDArray[np.int64], count: int) -> Slots:
    """The same of users (users, dim) who are compared with all vectors (slots, dim) of the pool."""
    found = np.full((len(asked), count), -1, np.int32)
    # Gathering nearly all vectors takes longer than a few products too many.
    few = 2 * len(pool_slots) <= len(vectors)
    if few:
        vectors, pool, id_rank = vectors[pool_slots], np.ones(len(pool_slots), bool), id_rank[pool_slots]
    rows = max(1, PRODUCTS // max(1, len(vectors)))
    for begin in range(0, len(asked) if vectors.shape[1] else 0, rows):
        near = best(asked[begin : begin + rows] @ vectors.T, pool, id_rank, count)
        found[begin : begin + rows, : near.shape[1]] = np.where(near >= 0, pool_slots[near], np.int32(-1)) if few else near
    return found


def in_clusters(
    asked: Floats, vectors: Floats, clusters: Clusters, probes: int, pool: NDArray[np.bool_], id_rank: NDArray[np.int64], count: int
) -> Slots:
    """The same of users (users, dim) who are compared with the members of the `probes` clusters whose centres are nearest to them."""
    found = np.full((len(asked), count), -1, np.int32)
    for begin in range(0, len(asked), TOGETHER):
        some = asked[begin : begin + TOGETHER]
        chosen = _chosen(some, clusters.centres, probes)
        slots, values = _members(some, vectors, chosen, clusters.members, clusters.begins, clusters.sizes, pool)
        top = best_listed(slots, values, pool, id_rank, count)
        found[begin : begin + TOGETHER, : top.shape[1]] = top
    return found


def share(found: Slots, right: Slots) -> float:
    """The share of the slots of `right` that are among `found`, -1 aside; NaN where there are none."""
    right = right[right >= 0]
    return float(np.isin(right, found).mean()) if len(right) else math.nan


def _chosen(asked: Floats, centres: Floats, probes: int) -> NDArray[np.bool_]:
    """Which clusters each user looks through (users, clusters): none where nothing is known of the user."""
    near = _products(asked, centres)
    least = np.partition(near, -probes, axis=1)[:, -probes]
    return np.asarray((near >= least[:, None]) & asked.any(axis=1, keepdims=True))


@jit
def _products(asked: Floats, centres: Floats) -> Floats:
    """Of each user with each centre (users, clusters); they do not depend on who else asks, as those of BLAS do in the last digit."""
    products = np.empty((len(asked), len(centres)), np.float32)
    for user in range(len(asked)):
        for cluster in range(len(centres)):
            product = np.float32(0)
            for place in range(centres.shape[1]):
                product += asked[user, place] * centres[cluster, place]
            products[user, cluster] = product
    return products


@jit
def _members(
    asked: Floats,
    vectors: Floats,
    chosen: NDArray[np.bool_],
    members: Slots,
    begins: NDArray[np.int64],
    sizes: NDArray[np.int64],
    pool: NDArray[np.bool_],
) -> tuple[Slots, Floats]:
    """The slots of the pool in the `chosen` clusters (users, clusters) of each user, padded with -1, and their cosines (users, n)."""
    users, clusters = chosen.shape
    most = 0
    for user in range(users):
        total = 0
        for cluster in range(clusters):
            total += sizes[cluster] if chosen[user, cluster] else 0
        most = max(most, total)
    slots, values = np.full((users, most), -1, np.int32), np.empty((users, most), np.float32)
    ends = np.zeros(users, np.int64)
    # By cluster, not by user: whoever wants a vector finds it in the processor's cache once it was fetched for another.
    for cluster in range(clusters):
        for user in range(users):
            if chosen[user, cluster]:
                begin = end = ends[user]
                for member in range(begins[cluster], begins[cluster] + sizes[cluster]):
                    if pool[members[member]]:
                        slots[user, end] = members[member]
                        end += 1
                _cosines(asked[user], vectors, slots[user, begin:end], values[user, begin:end])
                ends[user] = end
    return slots, values


@inlined
def _cosines(asked: Any, vectors: Any, slots: Any, values: Any) -> Any:
    """Four at a time: vectors lie all over memory, which fetches several in the time of one."""
    last = len(slots) - 1
    for first in range(0, len(slots), 4):
        second, third, fourth = min(first + 1, last), min(first + 2, last), min(first + 3, last)
        one, two, three, four = slots[first], slots[second], slots[third], slots[fourth]
        near_one, near_two, near_three, near_four = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for place in range(len(asked)):
            value = asked[place]
            near_one += vectors[one, place] * value
            near_two += vectors[two, place] * value
            near_three += vectors[three, place] * value
            near_four += vectors[four, place] * value
        values[first], values[second], values[third], values[fourth] = near_one, near_two, near_three, near_four
