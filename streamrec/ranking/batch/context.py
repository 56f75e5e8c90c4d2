"""What all sources and features of one micro-batch share, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.cells import Cells, highest
from streamrec.ranking.batch.queries import Queries


@dataclass(slots=True)
class Context:
    """The queries, the shop as it stands, and the relations of every user to the items."""

    queries: Queries
    catalogue: Catalogue
    pool: NDArray[np.bool_]
    """Slots that may be in a list."""
    pool_slots: NDArray[np.int32]
    """The same by number, ascending."""
    interest: NDArray[np.float32]
    """Unit vectors of what the users touched, of shape (users, dim); dim is 0 without a model."""
    similarity: NDArray[np.float32]
    """Cosine of the user's interest vector and the item's vector, of shape (users, slots), right for slots of the pool; (users, 0)
    without a model."""
    covisits: Cells
    """How often items were bought along with the user's recent ones: `recent` weighs those by interest, `last` counts the last basket."""
    follows: Cells
    """How often items were bought in the basket after one with items of the user's last: `last`."""
    id_rank: NDArray[np.int64]
    """The place of each slot's id in the order of ids, for ties."""

    def top(self, scores: NDArray[np.floating], count: int) -> NDArray[np.int32]:
        """The `count` best slots of the pool per user among those above 0, in no order, ties by id; padded with -1."""
        slots = self.pool_slots
        if 2 * len(slots) > len(self.pool):  # picking nearly all columns takes longer than hiding a few
            return highest(np.where(self.pool, scores, 0.0), self.id_rank, count).astype(np.int32)
        columns = highest(scores[:, slots], self.id_rank[slots], count)
        return np.where(columns >= 0, slots[np.maximum(columns, 0)], np.int32(-1))

    def top_listed(self, slots: NDArray[np.int32], values: NDArray[np.floating], count: int) -> NDArray[np.int32]:
        """The same of listed slots and their values, both of shape (users, n); -1 is padding."""
        if not (slots.size and self.pool.size):
            return np.full((len(slots), 0), -1, np.int32)
        columns = highest(np.where((slots >= 0) & self.pool[slots], values, 0.0), self.id_rank[slots], count)
        return np.where(columns >= 0, np.take_along_axis(slots, np.maximum(columns, 0), axis=1), np.int32(-1))

    def top_cells(self, cells: Cells, name: str, count: int) -> NDArray[np.int32]:
        """The same of the cells of one relation."""
        return self.top_listed(*cells.rows(name), count)


def context(queries: Queries, catalogue: Catalogue, pool: NDArray[np.bool_]) -> Context:
    """Compute what the sources and the features share. `pool` says which slots may be in a list."""
    interest, pool_slots = _interest(queries, catalogue), np.flatnonzero(pool).astype(np.int32)
    similarity = _similarity(interest, catalogue.items.vectors, pool_slots)
    covisits, follows = _linked(queries, catalogue)
    return Context(queries, catalogue, pool, pool_slots, interest, similarity, covisits, follows, catalogue.items.id_rank())


def _interest(queries: Queries, catalogue: Catalogue) -> NDArray[np.float32]:
    vectors, recent = catalogue.items.vectors, queries.recent
    if not (vectors.size and recent.slots.shape[1]):
        return np.zeros((queries.size, vectors.shape[1]), np.float32)
    weights = np.where(recent.slots >= 0, recent.values, 0.0).astype(np.float32)
    interest = np.matmul(weights[:, None, :], vectors[recent.slots])[:, 0]
    return np.asarray(interest / np.maximum(np.linalg.norm(interest, axis=1, keepdims=True), 1e-9))


def _similarity(interest: NDArray[np.float32], vectors: NDArray[np.float32], slots: NDArray[np.int32]) -> NDArray[np.float32]:
    if not interest.shape[1]:
        return np.zeros((len(interest), 0), np.float32)
    if 2 * len(slots) > len(vectors):  # gathering nearly all vectors takes longer than a few products too many
        return np.asarray(interest @ vectors.T)
    similarity = np.zeros((len(interest), len(vectors)), np.float32)
    similarity[:, slots] = interest @ vectors[slots].T
    return similarity


def _linked(queries: Queries, catalogue: Catalogue) -> tuple[Cells, Cells]:
    """Cosine-like: a link counts by its weight over the root of both items' purchases (90-day half-life)."""
    recent, size, users = queries.recent, catalogue.items.size, queries.size
    if not (recent.slots.shape[1] and size):
        nothing = np.full((users, 0), -1, np.int32)
        return Cells(nothing, size, recent=np.zeros((users, 0)), last=np.zeros((users, 0))), Cells(nothing, size, last=np.zeros((users, 0)))
    root = catalogue.items.root
    linked, weights = catalogue.links.rows(recent.slots)
    cosine = weights / (root[recent.slots][:, :, None] * root[linked])
    by_interest, of_last = cosine * recent.values[:, :, None], cosine * queries.last[:, :, None]
    # Two relations over the same links: they share the search for their cells, which is most of the work.
    covisits = Cells(linked.reshape(users, -1), size, recent=by_interest.reshape(users, -1), last=of_last.reshape(users, -1))
    linked, weights = catalogue.leads.rows(np.where(queries.last, recent.slots, -1))
    cosine = weights / (root[recent.slots][:, :, None] * root[linked])
    return covisits, Cells(linked.reshape(users, -1), size, last=cosine.reshape(users, -1))
