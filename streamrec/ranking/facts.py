"""Facts that explain places of a list: which of the user's own items speaks for one, and how many bought it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import PURCHASE
from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.inputs import MONTH, WEEK
from streamrec.ranking.features.schema import FAMILIES, POSITION
from streamrec.state.item import HALF_LIVES

ALIKE, TOGETHER = ([POSITION[name] for name in FAMILIES[family]] for family in ("alike", "together"))
OWN = 16
"""Only this many of the user's newest items are looked at: each is compared with every place of the list, through all of its links."""
FEW = 2
"""The fewest purchases that are spoken of. One is no crowd, and would tell a viewer what a single other person did."""
MANY = 10.0
"""Purchases (a view counts VIEW_SHARE), half-life 30 days, above which "many" may be said: more than one account can bring about."""


def because(shop: Context, slots: NDArray[np.int32], contributions: NDArray[np.float64]) -> NDArray[np.int32]:
    """The slot of the user's recent item that was most bought with each listed one, or is most like it; -1 where neither counts.

    `slots` (users, k) are -1 behind the last; `contributions` (users, k, features) tell whether likeness or purchases weighed more.
    """
    own = shop.queries.recent.slots[:, :OWN]
    alike, together = (contributions[:, :, positions].sum(axis=2) for positions in (ALIKE, TOGETHER))
    if not own.shape[1] or not (slots >= 0).any() or not ((alike > 0) | (together > 0)).any():
        return np.full(slots.shape, -1, np.int32)
    bonds = np.where((together > np.maximum(alike, 0.0))[:, :, None], _bought(shop, slots, own), _likeness(shop, slots, own))
    bonds = np.where((own >= 0)[:, None, :] & (own[:, None, :] != slots[:, :, None]), bonds, 0.0)
    strongest = np.argmax(bonds, axis=2)
    speaks = (bonds.max(axis=2) > 0) & (np.maximum(alike, together) > 0) & (slots >= 0)
    return np.where(speaks, np.take_along_axis(own, strongest, axis=1), np.int32(-1))


def bought_7d(shop: Context, slots: NDArray[np.int32]) -> NDArray[np.int64]:
    """About how many bought each item within the last week, at the user's time; 0 for too few to speak of.

    A count of half-life h that r purchases a day keep up stands at r * h / ln 2, so a week's purchases are ln 2 of that.
    """
    items = shop.catalogue.items
    if not items.size:
        return np.zeros(slots.shape, np.int64)
    age = np.maximum(shop.queries.now[:, None] - items.counted_at[slots], 0)
    about = np.rint(math.log(2.0) * items.counts[slots, PURCHASE, WEEK] * np.exp2(-age / HALF_LIVES[WEEK])).astype(np.int64)
    return np.where((about >= FEW) & (slots >= 0), about, 0)


def few(shop: Context, slots: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which listed items too few people want, at the user's time, to say that many do."""
    items = shop.catalogue.items
    if not items.size:
        return np.ones(slots.shape, bool)
    age = np.maximum(shop.queries.now[:, None] - items.counted_at[slots], 0)
    return np.asarray(items.appeal[slots, MONTH] * np.exp2(-age / HALF_LIVES[MONTH]) < MANY)


def _likeness(shop: Context, slots: NDArray[np.int32], own: NDArray[np.int32]) -> NDArray[np.float64]:
    """Cosines of shape (users, k, own)."""
    vectors = shop.catalogue.items.vectors
    return np.asarray(np.matmul(vectors[slots], vectors[own].transpose(0, 2, 1)), np.float64)


def _bought(shop: Context, slots: NDArray[np.int32], own: NDArray[np.int32]) -> NDArray[np.float64]:
    """Weights of the links between the user's items and the listed ones, of shape (users, k, own)."""
    linked, weights = shop.catalogue.links.rows(own)
    met = linked[:, None, :, :] == slots[:, :, None, None]
    return np.asarray(np.where(met, weights[:, None, :, :], 0.0).sum(axis=3), np.float64)
