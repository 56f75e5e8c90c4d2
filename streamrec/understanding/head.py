"""The head on a text encoder: a linear map of its vectors to logits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import ModelError
from streamrec.understanding.archive import arrays

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of shape (dim, labels), and a bias."""

    weights: Floats
    bias: Floats

    def logits(self, vectors: Floats) -> Floats:
        """Logits of shape (n, labels) for vectors of shape (n, dim)."""
        return vectors @ self.weights + self.bias

    def save(self, path: Path) -> None:
        """Write the weights."""
        np.savez_compressed(path, weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, path: Path, labels: int) -> Head:
        """Read what `save` wrote.

        Raises:
            ModelError: the file cannot be read, or is of another shape.
        """
        head = cls(*arrays(path, "weights", "bias"))
        if head.weights.ndim != 2 or head.weights.shape[1] != labels or head.bias.shape != (labels,):
            raise ModelError(f"{path} is not for {labels} labels; make the folder anew with `streamrec train understanding`")
        return head
