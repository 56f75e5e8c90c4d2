"""The baselines that only count, and the protocol of all baselines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from streamrec.evaluation.baselines.market import Floats
from streamrec.evaluation.baselines.query import Bools, Query


class Baseline(Protocol):
    """Scores all items for a user, from counters that are brought up to date with every purchase."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    def scores(self, query: Query, candidates: Bools) -> Floats:
        """(items,): higher is better; only those of `candidates` (items,) count."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A baseline that is one expression."""

    name: str
    rule: Callable[[Query], Floats]

    def scores(self, query: Query, candidates: Bools) -> Floats:
        """As `Baseline`."""
        return self.rule(query)


def rebuy_first(query: Query) -> Floats:
    """What the user bought before, the most often and lately first, and behind it everything else by popularity."""
    sold = query.market.sold
    return query.rebuys + np.where(query.owned, 1.0, sold / (sold.max() + 1) * 1e-6)


SIMPLE = (
    Simple("popularity", lambda query: query.market.sold),
    Simple("last-month", lambda query: query.market.last_month(query.ts)),
    Simple("own-history", rebuy_first),
    Simple("item-cf", lambda query: query.user_cosines[0]),
    Simple("content", lambda query: query.likeness[0]),
    Simple("ease", lambda query: query.eased[0]),
)


def standardised(values: Floats, candidates: Bools) -> Floats:
    """The z-scores of values (…, items) among the candidates; 0 where these do not differ."""
    among = values[..., candidates]
    spread = among.std(-1, keepdims=True)
    whole: Floats = (values - among.mean(-1, keepdims=True)) / np.where(spread > 1e-12, spread, np.inf)
    return whole
