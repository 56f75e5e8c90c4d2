"""How like items are, by the text model that serves, read anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.encoded import item_text
from streamrec.catalogue.text import TextModel
from streamrec.truth.history import History

PAIRS, RANDOM = 20_000, 0.99
"""A pair that resembles lies above this share of random pairs; a worker asks for more of them."""
FEW_ITEMS, SMALL_SHOP = 64, 0.925
"""A shop with fewer items has too few pairs; then a fixed cosine is asked for."""
AT_ONCE = 256


class TextLikeness:
    """Cosines of items as they are now."""

    def __init__(self, history: History, model: TextModel) -> None:
        now = {item_id: known[-1] for item_id, versions in history.items.items() if (known := versions.until(2**62))}
        self._place = {item_id: place for place, item_id in enumerate(now)}
        texts = [item_text(item) for item in now.values()]
        parts = [
            model.encode(model.tokenize(texts[begin : begin + AT_ONCE], model.max_item_tokens)) for begin in range(0, len(texts), AT_ONCE)
        ]
        self._vectors: NDArray[np.float32] = np.concatenate(parts) if parts else np.zeros((0, model.dim), np.float32)
        self._least: float | None = None

    def of(self, one: str, other: str, ts: int) -> float | None:
        """The cosine of two items; None for one that is gone."""
        here, there = self._place.get(one), self._place.get(other)
        return None if here is None or there is None else float(self._vectors[here] @ self._vectors[there])

    def least(self) -> float:
        """Above what random pairs of the shop have."""
        if self._least is None:
            count = len(self._vectors)
            if count < FEW_ITEMS:
                self._least = SMALL_SHOP
            else:
                one, other = np.random.default_rng(1).integers(0, count, (2, PAIRS))
                cosines = np.einsum("pd,pd->p", self._vectors[one], self._vectors[other])
                self._least = float(np.quantile(cosines[one != other], RANDOM))
        return self._least
