"""Values of one feature in a shop of a few items, worked out by hand beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import context
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.facts import Facts
from streamrec.ranking.features.features import features
from streamrec.ranking.features.schema import DECLARED, POSITION
from streamrec.state.decay import PurchaseTally, Tally
from streamrec.state.item import KINDS
from streamrec.state.stats import ItemStats
from streamrec.state.user import UserRow
from tests.shop import NOW


def values(shop: Catalogue, name: str, row: UserRow | None = None, room_id: str | None = None, kept: int | None = None) -> dict[str, float]:
    """The raw feature of every item, by id, for one user at NOW; `kept` is how many candidates the filters left."""
    size = shop.items.size
    slots = np.arange(size, dtype=np.int32)[None]
    candidates = Candidates(slots, np.zeros((1, size), np.uint16), np.arange(size)[None] < (size if kept is None else kept))
    asked = queries([row or UserRow()], [NOW], [room_id], shop)
    raw = features(context(asked, shop, shop.for_sale(live_only=False)), candidates)
    return dict(zip(shop.items.ids, raw[0, :, POSITION[name]].tolist(), strict=True))


def holding(shop: Catalogue, item_id: str, row: UserRow | None = None, room_id: str | None = None, now: int = NOW) -> set[str]:
    """The codes of all reasons that hold of an item for one user."""
    asked = queries([row or UserRow()], [now], [room_id], shop)
    slots = np.array([[shop.items.slots[item_id]]], np.int32)
    holds = Facts(context(asked, shop, shop.for_sale(live_only=False)), slots).holds[0, 0]
    return {feature.reason for feature, so in zip(DECLARED, holds, strict=True) if so}


def statistics(bought: list[float], ts: int = NOW, seen: list[float] | None = None, **fields: Any) -> ItemStats:
    """Statistics of an item with these counts by half-life (1, 7, 30 and 90 days) as of `ts`."""
    counts = [[0.0] * 4 for _ in KINDS]
    counts[KINDS.index("purchase")] = bought
    counts[KINDS.index("view")] = seen or [0.0] * 4
    return ItemStats(**{"version": 1, "ts": ts, "first_ts": ts, "counts": counts, "neighbours": [], "sold_ts": ts, **fields})


def told(kind: str, count: float) -> ItemStats:
    """Statistics of an item of which nothing but so many signals of one kind are known, by every half-life."""
    return ItemStats(1, NOW, NOW, [[count * (each == kind)] * 4 for each in KINDS], [])


def user(**tallies: dict[str, tuple[float, ...]]) -> UserRow:
    """A row with decayed counts by kind and item: the time of the newest event, the count then, and what purchases have besides."""
    kinds = {"bought": PurchaseTally}
    return UserRow(
        **{kind: {item_id: kinds.get(kind, Tally)(*entry) for item_id, entry in entries.items()} for kind, entries in tallies.items()}
    )
