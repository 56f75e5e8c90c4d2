"""What may not be in a list. A filter tells which candidates stay; what it removes is counted under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.sources.candidates import Candidates
from streamrec.sources.context import Context

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
        return _absent(context.queries.bought.slots, slots, context.catalogue.items.size)


class HiddenFilter:
    """Items that the user hid or complained of."""

    name = "hidden"

    def keep(self, context: Context, slots: NDArray[np.int32]) -> Mask:
        return _absent(context.queries.hidden.slots, slots, context.catalogue.items.size)


def run(filters: Sequence[Filter], context: Context, candidates: Candidates) -> Counter[str]:
    """Narrow `candidates.kept`; returns how many candidates each filter removed, the first that objects is counted."""
    removed: Counter[str] = Counter()
    for each in filters:
        stays = candidates.kept & each.keep(context, candidates.slots)
        removed[each.name] = int(candidates.kept.sum() - stays.sum())
        candidates.kept = stays
    return removed


def _absent(listed: NDArray[np.int32], slots: NDArray[np.int32], size: int) -> Mask:
    """Which of `slots` are not among the user's `listed` ones (both padded with -1)."""
    marked = np.zeros((len(slots), size + 1), bool)
    marked[np.arange(len(slots))[:, None], listed] = True
    marked[:, size] = False
    return np.asarray(~np.take_along_axis(marked, slots.astype(np.intp), axis=1))
