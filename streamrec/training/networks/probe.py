"""Fits the head on a text encoder, whose own weights stay as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.head import Head
from streamrec.understanding.judge import probabilities

Floats = NDArray[np.float32]
_STEPS, _RATE, _RIDGE = 300, 0.05, 1e-4


def fit_head(vectors: Floats, right: Floats, weights: Floats) -> Head:
    """Fit logistic regressions to vectors (n, dim), with what holds (n, labels), and how much each text counts (n,)."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-3
    inputs = np.hstack(((vectors - mean) / spread, np.ones((len(vectors), 1), np.float32))).astype(np.float32)
    table = np.zeros((inputs.shape[1], right.shape[1]), np.float32)
    momentum, squares = np.zeros_like(table), np.zeros_like(table)
    shares = (weights / weights.sum())[:, None]
    for step in range(1, _STEPS + 1):
        slope = inputs.T @ (shares * (np.concatenate(probabilities(inputs @ table), axis=1) - right)) + _RIDGE * table
        momentum, squares = 0.9 * momentum + 0.1 * slope, 0.99 * squares + 0.01 * slope**2
        table -= _RATE * (momentum / (1 - 0.9**step)) / (np.sqrt(squares / (1 - 0.99**step)) + 1e-8)
    by_unit = table[:-1] / spread[:, None]
    return Head(by_unit.astype(np.float32), (table[-1] - mean @ by_unit).astype(np.float32))
