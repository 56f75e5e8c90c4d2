"""Computes the features of all candidates of a micro-batch at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import NEVER, PURCHASE, VIEW, VIEW_SHARE
from streamrec.features.queries import Padded
from streamrec.features.schema import FEATURES, POSITION, RELATIVE
from streamrec.sources.candidates import Candidates
from streamrec.sources.context import Context
from streamrec.state.decay import DAY_MS
from streamrec.state.item import HALF_LIVES

Array = NDArray[np.float64]
MOST_STANDOUT = 6.0
"""Bound of a z-score, so that one wild value cannot decide a list."""


def features(context: Context, candidates: Candidates) -> Array:
    """Raw features of shape (users, candidates, features) in the order of the schema; the cross-encoder's column is left 0.

    Units: popularity in log(1 + decayed events), repeat in log(1 + decayed purchases), recency and freshness as
    exp(-age / 30 d), price gap in |log ratio| to the user's mean price.
    """
    slots, queries, items = candidates.slots, context.queries, context.catalogue.items
    found = np.zeros((*slots.shape, len(FEATURES)))

    def put(name: str, values: Array) -> None:
        found[:, :, POSITION[name]] = values

    def spread(padded: Padded) -> Array:
        return _pick(padded.dense(items.size), slots)

    popularity = _popularity(context, slots)
    for position, days in enumerate(("1d", "7d", "30d", "90d")):
        put(f"popularity_{days}", popularity[:, :, position])
    put("covisits", np.log1p(100.0 * _pick(context.covisits, slots)))
    put("similarity", _pick(context.similarity, slots))
    put("repeat", np.log1p(spread(queries.bought)))
    put("repeat_recency", _recency(queries.now, spread(queries.last_bought)))
    first_seen = np.minimum(np.where(items.created > 0, items.created, NEVER), items.first_sale)
    put("freshness", _recency(queries.now, np.where(first_seen == NEVER, 0, first_seen)[slots].astype(np.float64)))
    put("price_gap", _price_gap(queries.log_price, items.log_price[slots].astype(np.float64)))
    on_shelf = np.zeros((queries.size, items.size), bool)
    on_air = np.zeros((queries.size, items.size), bool)
    for user, room in enumerate(queries.rooms):
        if room is not None:
            on_shelf[user, room.shelf] = True
            if room.on_air >= 0:
                on_air[user, room.on_air] = True
    put("shelf", _pick(on_shelf, slots))
    put("on_air", _pick(on_air, slots))
    put("mention", np.minimum(spread(queries.named), 1.0))
    put("fatigue", 1.0 - np.exp(-0.5 * spread(queries.shown)))
    return found


def standardised(raw: Array, kept: NDArray[np.bool_]) -> Array:
    """Relative features as z-scores over the kept candidates of each list, absolute ones as they are; 0 where not kept or not finite."""
    relative, absolute = raw[:, :, : len(RELATIVE)], raw[:, :, len(RELATIVE) :]
    usable = kept[:, :, None] & np.isfinite(absolute)
    return np.concatenate([z_scores(relative, kept), np.where(usable, absolute, 0.0)], axis=2)


def z_scores(values: Array, kept: NDArray[np.bool_]) -> Array:
    """How many standard deviations each value lies above the mean of the kept ones of its list; bounded.

    `values` has the shape (users, candidates, features).
    """
    mask = kept[:, :, None]
    finite = np.where(mask & np.isfinite(values), values, 0.0)
    count = np.maximum(kept.sum(axis=1), 1)[:, None, None]
    away = np.where(mask, finite - finite.sum(axis=1, keepdims=True) / count, 0.0)
    deviation = np.sqrt((away**2).sum(axis=1, keepdims=True) / count)
    scaled = np.divide(away, deviation, out=np.zeros_like(away), where=deviation > 1e-9)
    return np.asarray(np.clip(scaled, -MOST_STANDOUT, MOST_STANDOUT))


def _pick(dense: NDArray[np.generic], slots: NDArray[np.int32]) -> Array:
    return np.take_along_axis(dense, slots.astype(np.intp), axis=1).astype(np.float64)


def _popularity(context: Context, slots: NDArray[np.int32]) -> Array:
    """Decayed purchases and views at the trigger's time, of shape (users, candidates, half-lives)."""
    items = context.catalogue.items
    events = items.counts[:, PURCHASE] + VIEW_SHARE * items.counts[:, VIEW]
    age = np.maximum(context.queries.now[:, None] - items.counted_at[slots], 0)[:, :, None]
    return np.asarray(np.log1p(events[slots] * np.exp2(-age / np.array(HALF_LIVES))))


def _recency(now: NDArray[np.int64], since: Array) -> Array:
    age = np.maximum(now[:, None] - since, 0.0)
    return np.where(since > 0, np.exp(-age / (30.0 * DAY_MS)), 0.0)


def _price_gap(usual: Array, price: Array) -> Array:
    return np.where(np.isnan(usual)[:, None], 0.0, np.abs(price - np.nan_to_num(usual)[:, None]))
