"""What a judge of comments is measured by: F1 of each label, and its mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.understanding.judge import INTENTS, LABELS, SENTIMENTS, Judgement

Floats = NDArray[np.float32]


def decided(judgements: list[Judgement]) -> Floats:
    """Which labels hold, shape (n, labels)."""
    given = np.zeros((len(judgements), len(LABELS)), np.float32)
    for row, judgement in enumerate(judgements):
        given[row, [INTENTS.index(intent) for intent in judgement.chosen]] = 1
        given[row, len(INTENTS) + SENTIMENTS.index(judgement.mood)] = 1
    return given


def figures(given: Floats, right: Floats) -> dict[str, Any]:
    """F1 of each label and their means over intents and sentiments; a label that neither holds nor is given counts as 1."""
    hits, wrong = (given * right).sum(axis=0), (given != right).sum(axis=0)
    f1 = np.where(hits + wrong > 0, 2 * hits / np.maximum(2 * hits + wrong, 1), 1.0)
    of = {label: round(float(value), 4) for label, value in zip(LABELS, f1, strict=True)}
    return {
        "comments": len(right),
        "intents": round(float(f1[: len(INTENTS)].mean()), 4),
        "sentiment": round(float(f1[len(INTENTS) :].mean()), 4),
        "f1": of,
    }
