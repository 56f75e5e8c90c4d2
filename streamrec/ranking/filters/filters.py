"""What may not be in a list. Every filter stands here once; the last lines list them in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.rule_hits import hits
from streamrec.ranking.batch.sums import among

Mask = NDArray[np.bool_]
Slots = NDArray[np.int32]


class Filter:
    """Tells which candidates stay, for one reason; what it removes is counted under its name."""

    name: str
    live_only = False
    """Whether it applies only where lists are of what is live."""
    without_repeats = False
    """Whether it applies only where repeats are excluded."""

    def keep(self, context: Context, slots: Slots) -> Mask:
        """Which of the slots (users, candidates) may stay."""
        raise NotImplementedError


class UnlistedFilter(Filter):
    """Items without an item record, and those whose `created_ts` lies ahead of the trigger."""

    name = "unlisted"

    def keep(self, context: Context, slots: Slots) -> Mask:
        items = context.catalogue.items
        return np.asarray(items.listed[slots] & (items.created[slots] <= context.queries.now[:, None]))


class SoldOutFilter(Filter):
    """Items that are sold out or taken off sale."""

    name = "sold_out"

    def keep(self, context: Context, slots: Slots) -> Mask:
        return context.catalogue.items.on_sale[slots]


class HiddenFilter(Filter):
    """Items that the user hid or complained of."""

    name = "hidden"

    def keep(self, context: Context, slots: Slots) -> Mask:
        return ~among(context.queries.hidden, slots, context.catalogue.items.size)


class RefusedFilter(Filter):
    """Items that the user wrote not to want, for half a day, unless the user came back to them."""

    name = "refused"

    def keep(self, context: Context, slots: Slots) -> Mask:
        return ~among(context.queries.refused, slots, context.catalogue.items.size)


class BlockedFilter(Filter):
    """Items that a rule keeps out of lists."""

    name = "blocked"

    def keep(self, context: Context, slots: Slots) -> Mask:
        stays = np.ones(slots.shape, bool)
        blocked = hits(context, slots, ("block",))
        stays[blocked.user, blocked.column] = False
        return stays


class OffShelfFilter(Filter):
    """Items that are on no shelf of a live room."""

    name = "off_shelf"
    live_only = True

    def keep(self, context: Context, slots: Slots) -> Mask:
        return context.catalogue.rooms.on_shelf(context.catalogue.items.size)[slots]


class BoughtFilter(Filter):
    """Items that the user bought before."""

    name = "bought"
    without_repeats = True

    def keep(self, context: Context, slots: Slots) -> Mask:
        return ~among(context.queries.bought.slots, slots, context.catalogue.items.size)


FILTERS: tuple[type[Filter], ...] = (
    UnlistedFilter,
    SoldOutFilter,
    HiddenFilter,
    RefusedFilter,
    BlockedFilter,
    OffShelfFilter,
    BoughtFilter,
)
"""In the order in which they are asked: a candidate counts under the first that objects."""


def filters_for(repeats: Literal["allow", "exclude"], live_only: bool) -> list[Filter]:
    """The filters that apply."""
    return [kind() for kind in FILTERS if (live_only or not kind.live_only) and (repeats == "exclude" or not kind.without_repeats)]


def run(filters: Sequence[Filter], context: Context, candidates: Candidates) -> Counter[str]:
    """Narrow `candidates.kept`; returns how many candidates each filter removed, the first that objects is counted."""
    removed: Counter[str] = Counter()
    for removing in filters:
        stays = candidates.kept & removing.keep(context, candidates.slots)
        removed[removing.name] = int(candidates.kept.sum() - stays.sum())
        candidates.kept = stays
    return removed
