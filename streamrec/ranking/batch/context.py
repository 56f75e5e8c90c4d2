"""What all sources and features of one micro-batch share, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.best import best, best_listed
from streamrec.ranking.batch.queries import Queries
from streamrec.ranking.batch.sums import linked
from streamrec.ranking.batch.vectors import centres


@dataclass(slots=True)
class Linked:
    """The items that the links of a user's recent ones lead to, each once: of shape (users, n), padded with -1."""

    slots: NDArray[np.int32]
    sums: NDArray[np.float64]
    """Sums of cosines with the recent items, of shape (relations, users, n): a relation is a way to weigh these."""


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
    covisits: Linked
    """How often items were bought along with the user's recent ones: these weighed by interest, and those of the last basket alone."""
    follows: Linked
    """How often items were bought in the basket after one with items of the user's last: one relation."""
    id_rank: NDArray[np.int64]
    """The place of each slot's id in the order of ids, for ties."""

    def top(self, scores: NDArray[np.floating], count: int) -> NDArray[np.int32]:
        """The `count` best slots of the pool per row of `scores` (rows, slots) among those above 0, in no order, ties by id; padded with
        -1."""
        return best(scores, self.pool, self.id_rank, count)

    def top_listed(self, slots: NDArray[np.int32], values: NDArray[np.floating], count: int) -> NDArray[np.int32]:
        """The same of listed slots and their values, both of shape (rows, n); -1 is padding."""
        return best_listed(slots, values, self.pool, self.id_rank, count)


def context(queries: Queries, catalogue: Catalogue, pool: NDArray[np.bool_]) -> Context:
    """Compute what the sources and the features share. `pool` says which slots may be in a list."""
    interest = centres(catalogue.items.vectors, queries.recent.slots, queries.recent.values)
    pool_slots = np.flatnonzero(pool).astype(np.int32)
    covisits, follows = _links(queries, catalogue)
    return Context(queries, catalogue, pool, pool_slots, interest, covisits, follows, catalogue.items.id_rank())


def _links(queries: Queries, catalogue: Catalogue) -> tuple[Linked, Linked]:
    """Cosine-like: a link counts by its weight over the root of both items' purchases (90-day half-life)."""
    recent, last, root = queries.recent, queries.last.astype(np.float64), catalogue.items.root
    of_last = np.where(queries.last, recent.slots, np.int32(-1))
    covisits = linked(recent.slots, np.stack([recent.values, last]), *catalogue.links.tables(recent.slots), root)
    follows = linked(of_last, last[None], *catalogue.leads.tables(of_last), root)
    return Linked(*covisits), Linked(*follows)
