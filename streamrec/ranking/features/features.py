"""Computes the features of all candidates of a micro-batch at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import PURCHASE
from streamrec.ranking.batch.candidates import Candidates, among
from streamrec.ranking.batch.cells import Cells
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.queries import Queries, Tallies, side_by_side
from streamrec.ranking.features.schema import FEATURES, POSITION, RELATIVE
from streamrec.state.item import HALF_LIVES
from streamrec.system.clock import DAY_MS

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
MOST_STANDOUT = 6.0
"""Bound of a z-score, so that one wild value cannot decide a list."""
MONTH_MS = 30.0 * DAY_MS
WEEK, MONTH, SEASON = 1, 2, 3
"""Positions of the half-lives of 7, 30 and 90 days."""


def features(context: Context, candidates: Candidates) -> Array:
    """Raw features of shape (users, candidates, features) in the order of the schema; the cross-encoder's column is left 0.

    Units: popularity in log(1 + decayed events), trends as log of a ratio of rates, repeat in log(1 + decayed purchases), recency
    and freshness as exp(-age / 30 d), idle in log(1 + days since the last sale), category and brand as shares of the user's
    interest, price in log, price gap in |log ratio| to the user's mean price.
    Memory lies feature by feature, so that every column is written and reduced in one run.
    """
    slots, queries, items = candidates.slots, context.queries, context.catalogue.items
    found = np.zeros((len(slots), len(FEATURES), slots.shape[1]), np.float32).transpose(0, 2, 1)

    def put(name: str, values: NDArray[np.floating] | NDArray[np.bool_]) -> None:
        found[:, :, POSITION[name]] = values

    now = queries.now[:, None]
    age = np.maximum(now - items.counted_at[slots], 0).astype(np.float32)
    appeal = items.appeal[slots]
    counts = [appeal[:, :, place] * _left(age, half) for place, half in enumerate(HALF_LIVES)]
    for values, days in zip(counts, ("1d", "7d", "30d", "90d"), strict=True):
        put(f"popularity_{days}", np.log(1 + values))
    put("trend_7d", np.log((30 / 7 * counts[WEEK] + 1) / (counts[MONTH] + 1)))
    put("trend_30d", np.log((3 * counts[MONTH] + 1) / (counts[SEASON] + 1)))
    put("popular", 0.1 * np.log(1 + counts[MONTH]))
    if queries.country.any():
        here = items.country[slots] == np.where(queries.country > 0, queries.country, -1)[:, None, None]
        put("country", np.log1p((items.country_count[slots] * here).sum(axis=2) * _left(age, HALF_LIVES[MONTH])))
    first_seen = items.first_seen(slots)
    freshness = _recency(now, first_seen)
    put("freshness", freshness)
    put("age", freshness)
    put("idle", np.log1p(np.maximum(now - items.sold_at[slots], 0) / DAY_MS))
    put("rebought", items.again[slots] / (items.counts[slots, PURCHASE, SEASON] + 2.0))
    linked = *context.covisits.at(slots, "recent", "last"), *context.follows.at(slots, "last")
    for name, strength in zip(("covisits", "covisits_last", "follows"), linked, strict=True):
        put(name, np.log1p(100.0 * strength))
    if context.similarity.size:
        put("similarity", np.take_along_axis(context.similarity, slots.astype(np.intp), axis=1))
        put("similarity_last", _similar_to_last(context, slots))
    for name, column in (("category", items.category), ("brand", items.brand)):
        put(name, _affinity(queries, column, slots))
    put("seen", np.log1p(_sum(queries.seen, slots, items.size)))
    bought = Cells(queries.bought.slots, items.size, count=queries.bought.values, ts=queries.bought.ts.astype(np.float64))
    count, last_at = bought.at(slots, "count", "ts")
    recency = _recency(now, last_at)
    put("repeat", np.log1p(count))
    put("repeat_recency", recency)
    put("owned", count > 0)
    put("owned_count", 0.4 * np.log1p(count))
    put("owned_age", recency)
    price = items.log_price[slots].astype(np.float64)
    put("price", price)
    put("price_gap", np.where(np.isnan(queries.log_price)[:, None], 0.0, np.abs(price - np.nan_to_num(queries.log_price)[:, None])))
    for name, values in _of_user(queries, candidates).items():
        put(name, values[:, None])
    _put_live(found, context, slots)
    return found


def standardised(raw: Array, kept: NDArray[np.bool_]) -> Array:
    """Relative features as z-scores over the kept candidates of each list, the others as they are; 0 where not kept or not finite."""
    made = raw.transpose(0, 2, 1).copy()
    np.copyto(made, 0, where=~kept[:, None, :])
    if not np.isfinite(made.sum()):
        np.copyto(made, 0, where=~np.isfinite(made))
    made[:, : len(RELATIVE)] = _z(made[:, : len(RELATIVE)], kept)
    return made.transpose(0, 2, 1)


def z_scores(values: NDArray[np.floating], kept: NDArray[np.bool_]) -> Array:
    """How many standard deviations each value lies above the mean of the kept ones of its list; bounded.

    `values` has the shape (users, candidates).
    """
    return _z(np.where(kept & np.isfinite(values), values, 0.0).astype(np.float32)[:, None, :], kept)[:, 0]


def _z(columns: Array, kept: NDArray[np.bool_]) -> Array:
    """`columns` of shape (users, features, candidates) are 0 where not kept."""
    count = np.maximum(kept.sum(axis=1), 1).astype(np.float32)[:, None, None]
    away = columns - columns.sum(axis=2, keepdims=True) / count
    away *= kept[:, None, :]
    deviation = np.sqrt(np.einsum("ufc,ufc->uf", away, away)[:, :, None] / count)
    away /= np.where(deviation > 1e-6, deviation, np.inf)
    return np.asarray(np.clip(away, -MOST_STANDOUT, MOST_STANDOUT, out=away))


def _left(age: Array, half_life: float) -> Array:
    """What is left of one; by exp, which numpy computes in vector instructions in single precision."""
    return np.asarray(np.exp(age * np.float32(-math.log(2) / half_life)))


def _recency(now: NDArray[np.int64], since: NDArray[np.floating] | NDArray[np.int64]) -> Array:
    age = np.maximum(now - since, 0).astype(np.float32)
    return np.where(since > 0, np.exp(age * np.float32(-1 / MONTH_MS)), np.float32(0))


def _affinity(queries: Queries, column: NDArray[np.int32], slots: NDArray[np.int32]) -> Floats:
    """The share of the user's interest that is in things of the same kind as each candidate; 0 for a candidate without one."""
    recent, kinds = queries.recent, int(column.max(initial=0)) + 1
    if kinds == 1 or not recent.slots.size:
        return np.zeros(slots.shape)
    of_recent = np.where(recent.slots >= 0, column[recent.slots], -1)
    (interest,) = Cells(of_recent, kinds, amount=recent.values).at(column[slots], "amount")
    total = recent.values.sum(axis=1, where=recent.slots >= 0)[:, None]
    shares = np.zeros(slots.shape)
    np.divide(interest, total, out=shares, where=(total > 0) & (column[slots] > 0))
    return shares


def _similar_to_last(context: Context, slots: NDArray[np.int32]) -> NDArray[np.float32]:
    """Cosine of the candidates and the mean vector of the user's last basket."""
    queries, vectors = context.queries, context.catalogue.items.vectors
    weights = (queries.last & (queries.recent.slots >= 0)).astype(np.float32)
    last = np.matmul(weights[:, None, :], vectors[queries.recent.slots])[:, 0]
    last /= np.maximum(np.linalg.norm(last, axis=1, keepdims=True), 1e-9)
    found = np.empty(slots.shape, np.float32)
    # User by user, so that the gathered vectors stay in the processor's cache.
    for own, of_user, similarity in zip(last, slots, found, strict=True):
        np.matmul(vectors[of_user], own, out=similarity)
    return found


def _of_user(queries: Queries, candidates: Candidates) -> dict[str, Floats]:
    owned = (queries.bought.slots >= 0).sum(axis=1)
    newest = queries.bought.ts.max(axis=1, initial=0)
    return {
        "user_items": np.log1p(owned) / 5,
        "user_baskets": np.log1p(queries.baskets) / 3,
        "user_basket_size": np.log1p(owned / np.maximum(queries.baskets, 1)) / 4,
        "user_away": _recency(queries.now, newest),
        "user_interest": np.log1p(np.where(queries.recent.slots >= 0, queries.recent.values, 0).sum(axis=1)) / 4,
        "list_size": np.log1p(candidates.kept.sum(axis=1)) / 7,
    }


def _put_live(found: Array, context: Context, slots: NDArray[np.int32]) -> None:
    queries, size = context.queries, context.catalogue.items.size
    if any(queries.rooms):
        shelves = side_by_side(room.shelf if room else () for room in queries.rooms)
        on_air = np.array([room.on_air if room else -1 for room in queries.rooms], np.int32)[:, None]
        found[:, :, POSITION["shelf"]] = among(shelves, slots, size)
        found[:, :, POSITION["on_air"]] = (slots == on_air) & (on_air >= 0)
    found[:, :, POSITION["mention"]] = np.minimum(_sum(queries.named, slots, size), 1.0)
    found[:, :, POSITION["fatigue"]] = 1.0 - np.exp(-0.5 * _sum(queries.shown, slots, size))


def _sum(tallies: Tallies, slots: NDArray[np.int32], size: int) -> Floats:
    (sums,) = Cells(tallies.slots, size, count=tallies.values).at(slots, "count")
    return sums
