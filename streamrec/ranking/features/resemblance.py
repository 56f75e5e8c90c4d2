"""How like two texts must be before one is said to resemble the other: more than pairs of the same shop that are drawn at random.

What a cosine means depends on the model and on the shop. Of random pairs of titles, the shipped model gives one in a thousand 0.75 or more
among the UCI sample's 3,608 items, 0.88 among 2,465 items of a department store, and 0.93 among 48 items of Chinese live rooms.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from streamrec.catalogue.items import ItemTable

PAIRS, RARE = 4096, 4
"""So many random pairs are drawn, and so many of them reach the floor: one in a thousand."""
FEW_ITEMS = 64
"""A shop with fewer items has too few pairs to measure one in a thousand."""
SMALL_SHOP = 0.93
"""The floor in a small shop: the highest that was measured (see above)."""
SAME = 0.9999
"""Pairs that are this much alike are one text twice: a shop that lists everything double would have nothing that resembles."""

_floors: WeakKeyDictionary[ItemTable, tuple[tuple[object, ...], float]] = WeakKeyDictionary()


def floor(items: ItemTable) -> float:
    """The cosine that one random pair in a thousand of the shop's items reaches. Measured anew once items or the model have changed."""
    state = (items.changes, items.size, id(items.model))
    known = _floors.get(items)
    if known is None or known[0] != state:
        known = _floors[items] = state, _measured(items)
    return known[1]


def _measured(items: ItemTable) -> float:
    slots = np.flatnonzero(items.listed)
    if len(slots) < FEW_ITEMS:
        return SMALL_SHOP
    one, other = np.random.default_rng(0).choice(slots, (2, PAIRS))
    cosines = np.einsum("pd,pd->p", items.vectors[one], items.vectors[other])
    cosines = cosines[cosines < SAME]
    return float(np.partition(cosines, -RARE)[-RARE]) if len(cosines) >= RARE else SMALL_SHOP
