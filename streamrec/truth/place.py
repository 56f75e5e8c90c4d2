"""A place of a list, and what had happened when the list was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from streamrec.events.types import Danmaku, RankedItem, Recommendation
from streamrec.truth.history import Act, History, bought

LATE_MS = 60_000
"""How far the clock of whoever dates events may be ahead of the worker's."""


class Likeness(Protocol):
    """How like two items are, by the text model."""

    def of(self, one: str, other: str, ts: int) -> float | None:
        """Their cosine; None where it cannot be told."""
        ...

    def least(self) -> float:
        """What must be reached, above nearly all pairs drawn at random."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a list, and what had happened when the list was made."""

    history: History
    likeness: Likeness | None
    made: Recommendation
    place: RankedItem
    known_until: int | None = None
    """Up to when what the viewer did was known; without it up to `end`."""

    @property
    def now(self) -> int:
        """Event time of the trigger."""
        return self.made.trigger.ts

    @property
    def end(self) -> int:
        """When the list was made, and a little more: events may be dated ahead."""
        return max(self.made.trigger.ts, self.made.generated_ts) + LATE_MS

    def mine(self) -> list[Act]:
        """What the viewer did."""
        return self.history.by_user[self.made.user_id].until(self.end if self.known_until is None else self.known_until)

    def said(self) -> list[Danmaku]:
        """What the viewer wrote."""
        return self.history.said[self.made.user_id].until(self.end if self.known_until is None else self.known_until)

    def of(self, item_id: str) -> list[Act]:
        """What was done with an item."""
        return self.history.by_item[item_id].until(self.end)

    def first_purchases(self) -> list[Act]:
        """Everybody's first purchase of the item. Whoever gave it back begins anew."""
        first, having = list[Act](), set[str]()
        for act in self.of(self.place.item_id):
            if act.kind == "refund":
                having.discard(act.user_id)
            elif bought(act) and act.user_id not in having:
                having.add(act.user_id)
                first.append(act)
        return first
