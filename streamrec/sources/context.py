"""What all sources of one micro-batch share, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.features.queries import Queries

Scores = NDArray[np.float64]
LINK_PRIOR = 1.0
"""Added to the popularity of both items of a link, so that a single shared purchase does not make two rare items inseparable."""


@dataclass(slots=True)
class Context:
    """The queries, the shop as it stands, and two relations of every user to every item slot."""

    queries: Queries
    catalogue: Catalogue
    pool: NDArray[np.bool_]
    """Slots that may be in a list."""
    similarity: Scores
    """Cosine of the user's interest vector and the item's vector, of shape (users, slots); zeros without a model."""
    covisits: Scores
    """How often the item was bought along with the user's recent items, of shape (users, slots)."""
    id_rank: NDArray[np.int64]
    """The place of each slot's id in the order of ids, for ties."""

    def top(self, scores: Scores, count: int) -> NDArray[np.int32]:
        """The `count` best slots of the pool per user among those above 0, best first, ties by id; padded with -1."""
        best = np.full((len(scores), count), -1, np.int32)
        for row, values in zip(best, np.where(self.pool, scores, 0.0), strict=True):
            least = max(np.partition(values, -count)[-count], 0.0) if len(values) > count else 0.0
            found = np.flatnonzero((values >= least) & (values > 0))
            found = found[np.lexsort((self.id_rank[found], -values[found]))][:count]
            row[: len(found)] = found
        return best


class Source(Protocol):
    """Proposes candidates. One that fails is left out of the micro-batch and counted."""

    name: str

    def fetch(self, context: Context) -> NDArray[np.int32]:
        """Slots of shape (users, n), padded with -1, without repeats within a row."""
        ...


def context(queries: Queries, catalogue: Catalogue, pool: NDArray[np.bool_]) -> Context:
    """Compute what the sources share."""
    items = catalogue.items
    return Context(queries, catalogue, pool, _similarity(queries, catalogue), _covisits(queries, catalogue), items.id_rank())


def _similarity(queries: Queries, catalogue: Catalogue) -> Scores:
    """One matrix product for all users and items."""
    items, recent = catalogue.items, queries.recent
    if items.vectors.shape[1] == 0 or recent.slots.shape[1] == 0:
        return np.zeros((queries.size, items.size))
    weights = np.where(recent.slots >= 0, recent.values, 0.0).astype(np.float32)
    interest = np.einsum("uh,uhd->ud", weights, items.vectors[recent.slots])
    interest /= np.maximum(np.linalg.norm(interest, axis=1, keepdims=True), 1e-9)
    return np.asarray(interest @ items.vectors.T, np.float64)


def _covisits(queries: Queries, catalogue: Catalogue) -> Scores:
    """Cosine-like: a link counts by its weight over the root of both items' purchases (90-day half-life), times the interest."""
    items, recent = catalogue.items, queries.recent
    spread = np.zeros((queries.size, items.size + 1))
    if recent.slots.shape[1] and items.size:
        linked, weights = catalogue.links.rows(recent.slots)
        purchases = np.sqrt(items.purchases_90d() + LINK_PRIOR)
        value = weights / (purchases[recent.slots][:, :, None] * purchases[linked])
        value *= recent.values[:, :, None]
        np.add.at(spread, (np.arange(queries.size)[:, None, None], linked), np.where(linked >= 0, value, 0.0))
    return spread[:, : items.size]
