"""The linear model of comments: a table of small integers, one row for each bucket of traits and one column for each label."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamrec.errors import ModelError
from streamrec.understanding.archive import arrays
from streamrec.understanding.traits import Traits

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of shape (buckets, labels) in eight bits, with one scale for each label, and a bias."""

    weights: NDArray[np.int8]
    scales: Floats
    bias: Floats

    @classmethod
    def of(cls, weights: Floats, bias: Floats) -> Linear:
        """Round weights to eight bits."""
        scales = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
        return cls(np.rint(weights / scales).astype(np.int8), scales.astype(np.float32), bias.astype(np.float32))

    @property
    def buckets(self) -> int:
        """How many buckets there are, a power of two."""
        return len(self.weights)

    def logits(self, traits: Traits) -> Floats:
        """Logits of shape (n, labels): the sum over a text's traits."""
        sums: Floats = np.add.reduceat(self.weights[traits.buckets] * traits.values[:, None], traits.starts[:-1], axis=0)
        return sums * self.scales + self.bias

    def save(self, path: Path) -> None:
        """Write the weights."""
        np.savez_compressed(path, weights=self.weights, scales=self.scales, bias=self.bias)

    @classmethod
    def load(cls, path: Path, labels: int) -> Linear:
        """Read what `save` wrote.

        Raises:
            ModelError: the file cannot be read, or is of another shape.
        """
        linear = cls(*arrays(path, "weights", "scales", "bias"))
        buckets = len(linear.weights)
        if linear.weights.shape != (buckets, labels) or linear.scales.shape != (labels,) or buckets & (buckets - 1):
            raise ModelError(f"{path} is not for {labels} labels; make the folder anew with `streamrec train understanding`")
        return linear
