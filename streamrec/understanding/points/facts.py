"""The facts of an item that may be told: its fields and the sentences of its description, as they stand there."""

from __future__ import annotations

from dataclasses import dataclass

from streamrec.events.types import Item
from streamrec.understanding.answers.candidates import Candidate, of_item
from streamrec.understanding.points.claims import Claims

_NOT_TOLD = frozenset({"use", "compatibility", "gift", "care", "usage", "fit", "delivery_area", "stock", "price", "returns"})
"""Of these kinds of facts one that negates speaks against an item; "without alcohol" speaks for it."""
_UNTOLD = frozenset({"stock", "price"})


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: the field it is from ("description" for a sentence), the words there, and where they begin in it."""

    field: str
    quote: str
    offset: int
    kinds: frozenset[str]
    candidate: Candidate

    @property
    def named(self) -> bool:
        """Whether the field has a name of its own."""
        return self.candidate.key is not None


def facts(item: Item, claims: Claims) -> list[Fact]:
    """The facts of an item that may be selling points: none with a banned claim, none that speaks against it."""
    return [
        Fact(one.field, one.quote, one.offset, one.kinds, one)
        for one in of_item(item)
        if one.field not in _UNTOLD
        and one.quote.strip()
        and not claims.banned(f"{one.field} {one.quote}")
        and not (one.kinds & _NOT_TOLD and claims.negates(one.body.cut))
    ]
