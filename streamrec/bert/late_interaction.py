"""Late interaction: an item's token states are computed when it arrives, a user's once per list, and a light graph compares them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.pairs import length_batches, text_inputs
from streamrec.bert.runtime import PROBE, Arrays, Session
from streamrec.catalogue.prefix import PAD

MARKS = 2
"""[CLS] and [SEP]."""
PAIRS_AT_ONCE = 1024
"""Every token of a pair meets every other: with 42 of the user and 26 of the item, 1,024 pairs are 4.5 MB of products at a time."""


class LateInteraction:
    """Both graphs. States of items are kept in half precision: an item takes 2 x (max_item_tokens + 2) x dim bytes."""

    def __init__(self, encoder: Session, scorer: Session, max_item_tokens: int, token_budget: int) -> None:
        self._encoder = encoder
        self._scorer = scorer
        self._budget = token_budget
        self.tokens = max_item_tokens + MARKS
        self.dim = encoder.run(PROBE).shape[2]

    def item_states(self, items: NDArray[np.int32]) -> NDArray[np.float16]:
        """States of shape (n, tokens, dim) for token ids of shape (n, max_item_tokens); zeros behind an item's last token."""
        return self._states(items, 1, self.tokens).astype(np.float16)

    def score(
        self, users: NDArray[np.int32], items: NDArray[np.int32], states: NDArray[np.float16], user_of_pair: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """A score per pair, from token ids of users (U, S) and items (P, L), the items' states and the row of each pair's user."""
        user_states = self._states(users, 0, users.shape[1] + MARKS)
        sides = {"user_states": user_states, "user_mask": _mask(users)}
        scores = np.empty(len(items), np.float32)
        for start in range(0, len(items), PAIRS_AT_ONCE):
            pairs = slice(start, start + PAIRS_AT_ONCE)
            mask = _mask(items[pairs])
            width = int(mask.sum(axis=1).max(initial=1))
            item_sides = {"item_states": states[pairs, :width].astype(np.float32), "item_mask": mask[:, :width]}
            scores[pairs] = self._scorer.run({**sides, **item_sides, "user_of_pair": user_of_pair[pairs].astype(np.int64)})
        return scores

    def _states(self, tokens: NDArray[np.int32], kind: int, width: int) -> NDArray[np.float32]:
        states = np.zeros((len(tokens), width, self.dim), np.float32)
        for rows in length_batches(_mask(tokens).sum(axis=1), self._budget):
            feeds: Arrays = text_inputs(tokens[rows])
            output = self._encoder.run({**feeds, "token_type_ids": kind * feeds["attention_mask"]})
            states[rows, : output.shape[1]] = output
        return states


def _mask(tokens: NDArray[np.int32]) -> NDArray[np.int32]:
    """1 for the tokens of each row and its marks, of shape (n, L + 2)."""
    length = (tokens != PAD).sum(axis=1) + MARKS
    return np.asarray(np.arange(tokens.shape[1] + MARKS)[None, :] < length[:, None], np.int32)
