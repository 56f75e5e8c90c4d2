"""Makes logits into probabilities that are right as often as they say, and finds from which on a label should hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.judge import INTENTS, LABELS, Calibration, probabilities

Floats = NDArray[np.float32]
_STEPS, _RATE = 400, 0.1
# A label of a handful of texts shall not turn its logits over.
_RIDGE = 1e-3


def calibrate(logits: Floats, right: Floats) -> Calibration:
    """Fit slopes, shifts and thresholds to logits of texts that the weights had not seen, both of shape (n, labels)."""
    slopes, shifts = np.ones(len(LABELS)), np.zeros(len(LABELS))
    momentum, squares = np.zeros((2, len(LABELS))), np.zeros((2, len(LABELS)))
    moods = slice(len(INTENTS), None)
    for step in range(1, _STEPS + 1):
        slope = np.concatenate(probabilities((logits * slopes + shifts).astype(np.float32)), axis=1) - right
        # All sentiments share a slope: which is likeliest may only change by their shifts.
        by_slope = (slope * logits).mean(axis=0) + _RIDGE * (slopes - 1)
        by_slope[moods] = by_slope[moods].sum()
        gradient = np.stack((by_slope, slope.mean(axis=0) + _RIDGE * shifts))
        momentum = 0.9 * momentum + 0.1 * gradient
        squares = 0.99 * squares + 0.01 * gradient**2
        move = _RATE * (momentum / (1 - 0.9**step)) / (np.sqrt(squares / (1 - 0.99**step)) + 1e-6) / np.sqrt(step)
        slopes, shifts = slopes - move[0], shifts - move[1]
    chances, _ = probabilities((logits * slopes + shifts).astype(np.float32))
    thresholds = {intent: threshold(chances[:, label], right[:, label]) for label, intent in enumerate(INTENTS)}
    return Calibration(slopes=_rounded(slopes), shifts=_rounded(shifts), thresholds=thresholds)


def threshold(chances: Floats, right: Floats) -> float:
    """Half of the best F1 that any threshold reaches.

    That is the best threshold of calibrated probabilities (Lipton, Elkan & Narayanaswamy 2014), and it varies less with the texts at hand
    than the one that did best on them.
    """
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(right[order])
    best = (2 * hits / (np.arange(1, len(order) + 1) + max(1.0, hits[-1]))).max()
    return round(float(np.clip(best / 2, 0.05, 0.5)), 4)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
