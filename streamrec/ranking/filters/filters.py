"""What may not be in a list. A filter tells which candidates stay; what it removes is counted under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates, among
from streamrec.ranking.batch.context import Context
from streamrec.ranking.sources.rules import hits

Mask = NDArray[np.bool_]


class Filter(Protocol):
    """Removes candidates for one reason."""

    name: str

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        """Which of the slots (users, candidates) may stay."""
        ...


class UnlistedFilter:
    """Items without an item record, and those whose `created_ts` lies ahead of the trigger."""

    name = "unlisted"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        items = context.catalogue.items
        return np.asarray(items.listed[slots] & (items.created[slots] <= context.queries.now[:, None]))


class SoldOutFilter:
    """Items that are sold out or taken off sale."""

    name = "sold_out"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        return context.catalogue.items.on_sale[slots]


class OffShelfFilter:
    """Items that are on no shelf of a live room."""

    name = "off_shelf"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        return context.catalogue.rooms.on_shelf(context.catalogue.items.size)[slots]


class BoughtFilter:
    """Items that the user bought before."""

    name = "bought"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        return ~among(context.queries.bought.slots, slots, context.catalogue.items.size)


class HiddenFilter:
    """Items that the user hid or complained of."""

    name = "hidden"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        return ~among(context.queries.hidden, slots, context.catalogue.items.size)


class BlockedFilter:
    """Items that a rule keeps out of lists."""

    name = "blocked"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        stays = np.ones(slots.shape, bool)
        found = hits(context, slots, ("block",))
        stays[found.user, found.column] = False
        return stays


def run(filters: Sequence[Filter], context: Context, candidates: Candidates) -> Counter[str]:
    """Narrow `candidates.kept`; returns how many candidates each filter removed, the first that objects is counted."""
    removed: Counter[str] = Counter()
    for each in filters:
        stays = candidates.kept & each.keep(context, candidates.slots)
        removed[each.name] = int(candidates.kept.sum() - stays.sum())
        candidates.kept = stays
    return removed
