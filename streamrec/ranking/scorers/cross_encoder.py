"""Scores the best candidates once more, by a BERT that reads user and item together, while the ranking goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.prefix import RECENT_TITLES, SAID_TOKENS
from streamrec.catalogue.text import Asked
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.order import among_best


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of a micro-batch that the model reads: which user's, and which of the candidates."""

    asked: Asked
    users: NDArray[np.intp]
    columns: NDArray[np.intp]

    def logits(self, shape: tuple[int, ...], patience_s: float | None) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Logits of that shape (users, candidates), NaN for what was not asked or is not there after `patience_s`; what each user lacks."""
        answers = self.asked.take(patience_s)
        logits = np.full(shape, np.nan)
        logits[self.users, self.columns] = answers
        return logits, np.bincount(self.users[~np.isfinite(answers)], minlength=shape[0])


def ask(context: Context, sides: NDArray[np.int32], slots: NDArray[np.int32], stage_one: NDArray[np.float64], count: int) -> Pairs:
    """Ask the model for the `count` best of each list by `stage_one`, of shape (users, candidates); those of -inf are never asked for.

    `sides` are the users' sides of pairs.

    Raises:
        Overloaded: too much waits for the model already.
    """
    users, columns = np.nonzero(among_best(stage_one, context.id_rank[slots], count))
    items, model = context.catalogue.items, context.catalogue.model
    assert model is not None
    return Pairs(model.ask(sides, items.tokens[slots[users, columns]], users), users, columns)


def user_sides(context: Context) -> NDArray[np.int32]:
    """The users' sides of pairs, of shape (users, max_user_tokens): what they said, and the titles of what they touched last."""
    queries, items, model = context.queries, context.catalogue.items, context.catalogue.model
    assert model is not None
    recent = queries.recent.slots[:, :RECENT_TITLES]
    history = np.where((recent >= 0)[:, :, None], items.tokens[recent], 0)
    return model.prefixes(model.tokenize(queries.said, SAID_TOKENS), history)
