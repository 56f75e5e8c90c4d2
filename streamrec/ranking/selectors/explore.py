"""Places for items that few have seen: a contextual bandit whose propensities are exact.

Thompson sampling shows an item as often as it is likely to be the best one (Thompson 1933). Instead of drawing a click rate for each item
and taking the best, which leaves the chances unknown, these chances are worked out on a grid, and the item is drawn by them: what is
logged is what was drawn by. A share of EVEN goes to all alike, so that no weight of 1 / propensity is endless.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.items import IMPRESSION, ItemTable
from streamrec.ranking.batch.gathering import first_seen
from streamrec.ranking.batch.order import best_first
from streamrec.state.item import KINDS, MONTH

Floats = NDArray[np.float64]
CLICK = KINDS.index("click")
ENOUGH = 50.0
"""An item with this many impressions (decayed, half-life 30 days) is known."""
ARMS = 24
"""This many of the newest little-known items among a user's candidates compete: of more, each would be shown too rarely to be known."""
BELIEF = 10.0
"""Impressions that the expectation for an item is worth before it has any of its own."""
SWAY = 2.0
"""How far (in logits) the user's score of an item may move that expectation from the shop's click rate."""
EVEN = 0.1
"""The part of the chance that all arms share evenly: no propensity falls below EVEN / ARMS, so that no weight of 1 / propensity exceeds
240."""
GRID = np.linspace(-9.0, 4.0, 40)
"""Logits of the click rates that are told apart, from 0.01 % to 98 %: below and above lie no click rates of real items."""


def unknown(items: ItemTable, slots: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which candidates few have seen; none while the shop has no impressions at all, for then nothing can be learned."""
    impressions = items.counts[:, IMPRESSION, MONTH]
    if not impressions.any():
        return np.zeros(slots.shape, bool)
    return np.asarray(impressions[slots] < ENOUGH)


def newest(items: ItemTable, slots: NDArray[np.int32], id_rank: NDArray[np.int64], open_: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Columns of the newest open candidates (users, at most ARMS), ties by id, -1 behind the last."""
    minutes = first_seen(items.created, items.first_sale, slots).astype(np.int64) // 60_000
    order = np.where(open_, (minutes << 24) - id_rank, np.iinfo(np.int64).min)
    columns = best_first(order, ARMS)
    return np.where(np.take_along_axis(open_, columns, axis=1), columns, -1)


def chances(items: ItemTable, slots: NDArray[np.int32], scores: Floats) -> Floats:
    """The chance of each arm (users, arms) to be drawn; rows sum to 1, or to 0 without arms. `slots` are -1 behind the last arm.

    An arm's click rate has a beta posterior: its own clicks and impressions, and before them the shop's click rate, moved by how far
    the user's score of the arm lies above the mean of the arms. Its chance is that of having the highest rate.
    """
    there = slots >= 0
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    shown, clicked = items.counts[:, IMPRESSION, MONTH], items.counts[:, CLICK, MONTH]
    rate = (clicked.sum() + 1.0) / (shown.sum() + 20.0)
    above = np.where(there, scores, 0.0) - np.where(there, scores, 0.0).sum(axis=1, keepdims=True) / count
    expected = 1.0 / (1.0 + np.exp(-np.log(rate / max(1.0 - rate, 1e-3)) - np.clip(above, -SWAY, SWAY)))
    clicks = BELIEF * expected + clicked[slots]
    misses = BELIEF * (1.0 - expected) + np.maximum(shown[slots] - clicked[slots], 0.0)
    won = np.where(there, _wins(clicks, misses, there), 0.0)
    won /= np.maximum(won.sum(axis=1, keepdims=True), 1e-300)
    return np.where(there, (1.0 - EVEN) * won + EVEN / count, 0.0)


def draw(chance: Floats, lots: Floats) -> tuple[NDArray[np.intp], Floats]:
    """One arm per row by its chance: arms and chances (users,), -1 and NaN for a row without arms. `lots` (users,) lie in [0, 1)."""
    reached = np.cumsum(chance, axis=1)
    total = reached[:, -1]
    # The last arm with a chance, not the last column, when rounding leaves the sum short of the lot.
    arm = np.minimum((reached <= (lots * total)[:, None]).sum(axis=1), chance.shape[1] - 1 - np.argmax(chance[:, ::-1] > 0, axis=1))
    return np.where(total > 0, arm, -1), np.where(total > 0, chance[np.arange(len(chance)), arm] / np.where(total > 0, total, 1.0), np.nan)


def lots(list_ids: list[str], count: int) -> Floats:
    """Numbers in [0, 1) of shape (lists, count), for ever the same for a list id."""
    raw = b"".join(blake2b(list_id.encode(), digest_size=8 * count, person=b"explore").digest() for list_id in list_ids)
    # 53 bits: a double holds no more below 1.
    whole = np.frombuffer(raw, np.uint64).reshape(len(list_ids), count) >> np.uint64(11)
    return whole.astype(np.float64) * 2.0**-53


def _wins(clicks: Floats, misses: Floats, there: NDArray[np.bool_]) -> Floats:
    """Up to a factor of the row, how likely the rate of each arm is the highest; its density on the grid times all others lying below."""
    rate = 1.0 / (1.0 + np.exp(-GRID))
    density = clicks[:, :, None] * np.log(rate) + misses[:, :, None] * np.log1p(-rate)
    density = np.exp(density - density.max(axis=2, keepdims=True))
    density /= density.sum(axis=2, keepdims=True)
    below = np.log(np.maximum(np.cumsum(density, axis=2) - density / 2.0, 1e-300))
    below = np.where(there[:, :, None], below, 0.0)
    others = below.sum(axis=1, keepdims=True) - below
    return np.asarray((density * np.exp(others - others.max(axis=(1, 2), keepdims=True))).sum(axis=2))
