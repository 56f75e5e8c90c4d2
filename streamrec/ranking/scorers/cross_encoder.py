"""Scores the best candidates once more, by a BERT that reads user and item together."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.prefix import RECENT_TITLES, SAID_TOKENS
from streamrec.ranking.batch.context import Context
from streamrec.ranking.batch.order import among_best

FEW = 4
"""Where there is time for fewer than a FEW-th of the pairs, none is scored: those few would stand out because they were read, not for
what they say, and reading them would delay the lists behind."""
PATIENCE = 2.0
"""Pairs without a score after this many times the time left are given up. The speed is an estimate, and a little late beats not at all."""


@dataclass(slots=True)
class CrossEncoderScorer:
    """As many of the best candidates as the time left allows, at most `pairs` per list; none where it allows few.

    `pairs_per_s` is measured as it goes, over the pairs that the model had not scored before; with `fixed` the time does not count.
    """

    pairs: int
    fixed: bool = False
    pairs_per_s: float = 500.0

    def affordable(self, users: int, seconds_left: float) -> int:
        """Candidates per list that can be scored in the time left."""
        if self.fixed:
            return self.pairs
        count = max(0, min(self.pairs, int(seconds_left * self.pairs_per_s / max(users, 1))))
        return count if FEW * count >= self.pairs else 0

    def score(
        self,
        context: Context,
        sides: NDArray[np.int32],
        slots: NDArray[np.int32],
        stage_one: NDArray[np.float64],
        count: int,
        seconds_left: float,
    ) -> tuple[NDArray[np.float64], bool]:
        """Logits of shape (users, candidates) for the `count` best by `stage_one`, NaN for the others, and whether all came in time.

        `sides` are the users' sides of pairs. Candidates with a `stage_one` of -inf are never scored.

        Raises:
            Overloaded: too much waits for the model already.
        """
        logits = np.full(slots.shape, np.nan)
        chosen = among_best(stage_one, context.id_rank[slots], count)
        users, columns = np.nonzero(chosen)
        if len(users) == 0:
            return logits, True
        items, model = context.catalogue.items, context.catalogue.model
        assert model is not None
        begin, before = time.perf_counter(), model.counts["scored"]
        patience_s = None if self.fixed else PATIENCE * max(seconds_left, 0.0)
        answers = model.score(sides, items.tokens[slots[users, columns]], users, patience_s)
        logits[users, columns] = answers
        scored = model.counts["scored"] - before
        if scored:
            # A moving average over about five micro-batches: a processor that others use, too, is fast now and slow then.
            self.pairs_per_s += 0.2 * (scored / (time.perf_counter() - begin) - self.pairs_per_s)
        return logits, self.fixed or bool(np.isfinite(answers).all())


def user_sides(context: Context) -> NDArray[np.int32]:
    """The users' sides of pairs, of shape (users, max_user_tokens): what they said, and the titles of what they touched last."""
    queries, items, model = context.queries, context.catalogue.items, context.catalogue.model
    assert model is not None
    recent = queries.recent.slots[:, :RECENT_TITLES]
    history = np.where((recent >= 0)[:, :, None], items.tokens[recent], 0)
    return model.prefixes(model.tokenize(queries.said, SAID_TOKENS), history)
