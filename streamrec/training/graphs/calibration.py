"""Real pairs kept beside a model: half of them set the scales of its int8 graphs, the other half judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import ModelMissing
from streamrec.training.data.training_lists import Lists

FILE = "pairs.npz"
CHUNK = 32


@dataclass(frozen=True, slots=True)
class Calibration:
    """Token ids of user sides (n, max_user_tokens) and items (n, max_item_tokens)."""

    users: NDArray[np.int32]
    items: NDArray[np.int32]

    @classmethod
    def of(cls, lists: Sequence[Lists]) -> Calibration:
        """Every pair of the lists, shuffled."""
        users = np.concatenate([np.repeat(batch.users, batch.right.shape[1], axis=0) for batch in lists])
        items = np.concatenate([batch.items.reshape(len(batch.right) * batch.right.shape[1], -1) for batch in lists])
        order = np.random.default_rng(0).permutation(len(items))
        order = order[(items[order] != 0).any(axis=1)]
        return cls(users[order], items[order])

    @classmethod
    def load(cls, folder: Path) -> Calibration:
        """Read what `save` wrote.

        Raises:
            ModelMissing: `streamrec train calibration` was not run yet.
        """
        if not (folder / FILE).is_file():
            raise ModelMissing(f"{folder} holds no pairs to calibrate int8 graphs on; run `streamrec train calibration` first")
        with np.load(folder / FILE) as kept:
            return cls(kept["users"], kept["items"])

    def save(self, folder: Path) -> None:
        """Write the pairs into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / FILE, users=self.users, items=self.items)

    def chunks(self) -> list[Calibration]:
        """The pairs, 32 at a time."""
        starts = range(0, len(self.items), CHUNK)
        return [Calibration(self.users[start : start + CHUNK], self.items[start : start + CHUNK]) for start in starts]
