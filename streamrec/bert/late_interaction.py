"""Late interaction: an item's token states are computed when it arrives, a user's once per list, and a light graph compares them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrec.bert.pairs import length_batches, text_inputs
from streamrec.bert.runtime import PROBE, Arrays, Session
from streamrec.catalogue.prefix import PAD
from streamrec.catalogue.text import ItemSides

MARKS = 2
"""[CLS] and [SEP]."""
PAIRS_AT_ONCE = 1024
"""Every token of a pair meets every other: with 42 of the user and 26 of the item, 1,024 pairs are 4.5 MB of products at a time."""
PAIRS_ON_CARD = 16_384
"""72 MB of them."""


class Held(Protocol):
    """States that lie on the device of the scorer, see `bert/held_states.py`."""

    def score(self, feeds: Arrays, items: ItemSides, slots: NDArray[np.int32]) -> NDArray[np.float32]:
        """The scorer's output for `feeds` and the states of the items in `slots`."""
        ...


class LateInteraction:
    """Both graphs. States of items are kept in half precision: an item takes 2 x (max_item_tokens + 2) x dim bytes."""

    def __init__(self, encoder: Session, scorer: Session, max_item_tokens: int, token_budget: int, held: Held | None = None) -> None:
        self._encoder = encoder
        self._scorer = scorer
        self._budget = token_budget
        self._held = held
        self.tokens = max_item_tokens + MARKS
        self.dim = encoder.run(PROBE).shape[2]

    def item_states(self, items: NDArray[np.int32]) -> NDArray[np.float16]:
        """States of shape (n, tokens, dim) for token ids of shape (n, max_item_tokens); zeros behind an item's last token."""
        return self._states(items, 1, self.tokens).astype(np.float16)

    def score(
        self, users: NDArray[np.int32], items: ItemSides, slots: NDArray[np.int32], user_of_pair: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """A score per pair, from token ids of users (U, S), what is kept of items, and each pair's slot and row of its user."""
        user_states = self._states(users, 0, users.shape[1] + MARKS)
        sides: Arrays = {"user_states": user_states, "user_mask": _mask(users)}
        scores = np.empty(len(slots), np.float32)
        at_once = PAIRS_AT_ONCE if self._held is None else PAIRS_ON_CARD
        for start in range(0, len(slots), at_once):
            pairs = slice(start, start + at_once)
            chosen = slots[pairs]
            mask = _mask(items.tokens[chosen])
            feeds: Arrays = {**sides, "item_mask": mask, "user_of_pair": user_of_pair[pairs].astype(np.int64)}
            if self._held is not None:
                scores[pairs] = self._held.score(feeds, items, chosen)
                continue
            width = int(mask.sum(axis=1).max(initial=1))
            item_states = items.states[chosen, :width].astype(np.float32)
            scores[pairs] = self._scorer.run({**feeds, "item_states": item_states, "item_mask": mask[:, :width]})
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
