"""The texts of items as a model reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from streamrec.catalogue.columns import Table, of_text
from streamrec.catalogue.text import ItemSides, TextModel
from streamrec.events.types import Item

READINGS = count(1)
"""Of all tables together, since a table takes over what another has read."""
CHUNK = 256
"""Texts that are encoded at once where a whole catalogue is read: bounds the memory of the model's run, and fills its batches."""


class Encoded(Table):
    """Texts by slot, with their tokens, vectors and token states."""

    tokens = of_text(np.int32, "max_item_tokens")
    vectors = of_text(np.float32, "dim")
    states = of_text(np.float16, "late_tokens", "late_dim")
    """Token states for late interaction."""
    read_at = of_text(np.int64)
    """See `ItemSides`."""

    def __init__(self, model: TextModel | None) -> None:
        super().__init__(model)
        self.texts: list[str] = []
        """What the model reads of each slot."""

    def update(self, texts: Sequence[str], slots: Sequence[int]) -> None:
        """Read the texts of these slots; there are as many slots as texts."""
        self._resize(len(texts))
        self.texts += [""] * (len(texts) - len(self.texts))
        for begin in range(0, len(slots), CHUNK):
            chunk = list(slots[begin : begin + CHUNK])
            for slot in chunk:
                self.texts[slot] = texts[slot]
            self._read(chunk)

    def _read(self, slots: list[int]) -> None:
        """Tokenise and encode the texts of these slots in one go."""
        if self.model is not None and slots:
            tokens = self.model.tokenize([self.texts[slot] for slot in slots], self.model.max_item_tokens)
            self.tokens[slots] = tokens
            self.vectors[slots] = self.model.encode(tokens)
            self.states[slots] = self.model.item_states(tokens)
            self.read_at[slots] = [next(READINGS) for _ in slots]

    @property
    def sides(self) -> ItemSides:
        """What late interaction reads."""
        return ItemSides(self.tokens, self.states, self.read_at)


def item_text(item: Item) -> str:
    """What BERT reads of an item: the title, then brand and category where they say more than the title."""
    extra = [word for word in (item.brand, item.category) if word and word.lower() not in item.title.lower()]
    return " ".join([item.title, *extra])
