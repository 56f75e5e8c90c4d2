"""Makes logits into probabilities that are right as often as they say, and finds from which on a label should hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.judge import INTENTS, LABELS, Calibration, probabilities

Floats = NDArray[np.float32]
_STEPS, _RATE = 400, 0.1
# A label of a handful of texts shall not turn its logits over.
_RIDGE = 1e-3
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
# So much F1 a threshold must gain for each unit of its distance from a half: less is chance.
_NEAR = 0.03


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
    best = chances.argmax(axis=1)
    thresholds = {intent: threshold(chances[:, label], best == label, right[:, label]) for label, intent in enumerate(INTENTS)}
    return Calibration(slopes=_rounded(slopes), shifts=_rounded(shifts), thresholds=thresholds)


def threshold(chances: Floats, likeliest: NDArray[np.bool_], right: Floats) -> float:
    """From which probability on a label should hold beside a likelier one: the best F1, and among near ones that nearest to a half.

    Args:
        chances: of the label, shape (n,).
        likeliest: where it is the likeliest one, and so holds anyway.
        right: where it holds.
    """

    def worth(least: float) -> float:
        given = (chances >= least) | likeliest
        return float(2 * (given * right).sum() / max(1.0, given.sum() + right.sum())) - _NEAR * abs(least - 0.5)

    return max(_THRESHOLDS, key=worth)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
