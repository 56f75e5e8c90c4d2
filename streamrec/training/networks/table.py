"""Fits the linear model of comments: a logistic regression for each intent, and one for the three sentiments together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import jit
from streamrec.understanding.linear import Linear
from streamrec.understanding.traits import Traits

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a table learns: passes over the texts, the first step of AdaGrad, and the decay of weights."""

    passes: int = 12
    rate: float = 0.3
    decay: float = 3e-5


def fit(traits: Traits, right: Floats, weights: Floats, buckets: int, moods: int, recipe: Recipe, rng: np.random.Generator) -> Linear:
    """Fit a table to texts.

    Args:
        traits: of n texts.
        right: shape (n, labels), 1 where a label holds; NaN where that is not known. The last `moods` labels exclude each other.
        weights: how much each text counts, shape (n,).
        buckets: how many rows the table has.
        moods: how many labels exclude each other.
        recipe: how it learns.
        rng: draws the order of the texts.
    """
    table, bias = np.zeros((buckets, right.shape[1]), np.float32), np.zeros(right.shape[1], np.float32)
    squares, bias_squares = np.full_like(table, 1e-3), np.full_like(bias, 1e-3)
    for _ in range(recipe.passes):
        order = rng.permutation(len(traits))
        _pass(
            traits.buckets,
            traits.values,
            traits.starts,
            right,
            weights,
            order,
            moods,
            recipe.rate,
            recipe.decay,
            table,
            bias,
            squares,
            bias_squares,
        )
    return Linear.of(table, bias)


@jit
def _pass(
    buckets: Ints,
    values: Floats,
    starts: Ints,
    right: Floats,
    weights: Floats,
    order: Ints,
    moods: int,
    rate: float,
    decay: float,
    table: Floats,
    bias: Floats,
    squares: Floats,
    bias_squares: Floats,
) -> None:
    """One pass over the texts, which changes `table`, `bias` and the sums of their squared slopes."""
    labels = right.shape[1]
    slope = np.zeros(labels, np.float32)
    for text in order:
        begin, end = starts[text], starts[text + 1]
        logits = bias.copy()
        for place in range(begin, end):
            for label in range(labels):
                logits[label] += values[place] * table[buckets[place], label]
        top = logits[labels - moods :].max()
        whole = np.float32(0)
        for label in range(labels - moods, labels):
            logits[label] = np.exp(logits[label] - top)
            whole += logits[label]
        for label in range(labels):
            chance = logits[label] / whole if label >= labels - moods else 1 / (1 + np.exp(-logits[label]))
            known = right[text, label] == right[text, label]
            slope[label] = weights[text] * (chance - right[text, label]) if known else 0
            bias_squares[label] += slope[label] ** 2
            bias[label] -= rate * slope[label] / np.sqrt(bias_squares[label])
        for place in range(begin, end):
            row = buckets[place]
            for label in range(labels):
                step = values[place] * slope[label] + decay * table[row, label]
                squares[row, label] += step**2
                table[row, label] -= rate * step / np.sqrt(squares[row, label])
