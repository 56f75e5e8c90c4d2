"""What the catalogue needs of a text model; the real one is in `streamrec.bert`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
CPU = "CPUExecutionProvider"
"""As ONNX Runtime names it in `provider`."""


class Asked(Protocol):
    """Pairs that a model scores while its caller goes on. `scored` and `busy_s` are known once they were taken."""

    scored: int
    """Pairs that the model scored for this, not known before."""
    busy_s: float
    """Seconds in which it did."""

    def take(self, patience_s: float | None = None) -> Floats:
        """Logits of shape (pairs,); NaN where there is no score after `patience_s` seconds. To be called once.

        Raises:
            Exception: what the runtime raised.
        """
        ...


class TextModel(Protocol):
    """A BERT that encodes items and, mostly, scores (user, item) pairs. Token arrays are padded with 0 and carry no special tokens."""

    name: str
    revision: str
    provider: str
    precision: str
    precision_why: str
    precision_advice: str
    """Why pairs are scored in that precision, and what to do about it (empty when nothing)."""
    scores_pairs: bool
    """Whether it has a cross-encoder; one without is never asked for pairs, and its lists are read by vectors alone."""
    dim: int
    max_item_tokens: int
    max_user_tokens: int
    late_tokens: int
    late_dim: int
    """Shape of an item's token states for late interaction; 0 where the model has none."""
    counts: Counter[str]
    """Pairs so far by where their score came from: `cached`, `scored`, or `late` when it came after the patience was over."""

    def tokenize(self, texts: Sequence[str], limit: int) -> Ints:
        """Token ids of shape (texts, limit)."""
        ...

    def encode(self, tokens: Ints) -> Floats:
        """Unit vectors of shape (rows, dim); a row without tokens gives zeros."""
        ...

    def item_states(self, tokens: Ints) -> NDArray[np.float16]:
        """Token states of shape (rows, late_tokens, late_dim)."""
        ...

    def late_score(self, users: Ints, items: ItemSides, slots: Ints, user_of_pair: NDArray[np.intp]) -> Floats:
        """Scores like those of `score`, cheaper and less exact, from the token states of the items in `slots`, one for each pair."""
        ...

    def prefixes(self, said: Ints, recent: Ints) -> Ints:
        """The user's side of each pair, of shape (users, max_user_tokens).

        It is made of comments (users, n) and the titles of recent items (users, items, tokens), newest first.
        """
        ...

    def ask(self, users: Ints, items: Ints, user_of_pair: NDArray[np.intp]) -> Asked:
        """Begin to score pairs: how likely user `users[user_of_pair[p]]` buys item `items[p]` next.

        Raises:
            Overloaded: more pairs wait for the model than its queue may hold.
        """
        ...

    def close(self) -> None:
        """End the threads of a model that no longer serves."""
        ...


def how_it_runs(model: TextModel, advise: bool = True) -> str:
    """Provider and precision of a model in words: why that precision was taken, and what could be done about it."""
    advice = f"; {model.precision_advice}" if advise and model.precision_advice else ""
    pairs = f"pairs in {model.precision}" if model.scores_pairs else "no pairs"
    return f"{model.provider}, {pairs} ({model.precision_why}{advice})"


class ItemSides(NamedTuple):
    """What late interaction reads of items, by slot."""

    tokens: Ints
    """Of shape (slots, max_item_tokens)."""
    states: NDArray[np.float16]
    """Of shape (slots, late_tokens, late_dim)."""
    read_at: NDArray[np.int64]
    """A number that no other reading of a text has, of whatever table; 0 in an empty slot. It is set after the states."""
