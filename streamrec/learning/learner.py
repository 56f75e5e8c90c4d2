"""A linear term on top of the blend, fitted to reactions by stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.learning.instances import PLACE, Instances, capped

Array = NDArray[np.float64]
MINI_BATCH = 32
"""Instances per step. With fewer, a single reaction would move the weights; with more, a batch of some hundred would take few steps."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Step of the descent, pull back to nothing (L2), and the most weight that one user has in a batch."""

    step: float
    decay: float
    user_cap: float


def losses(batch: Instances, theta: Array) -> Array:
    """Negative log-likelihood (n,) that of all items compared the user picks the one reacted to (or, for a negative action, that it is
    the one least wanted), under a softmax of base + features · `theta` (Luce 1959; ListNet's top-one probability, Cao et al. 2007)."""
    logits = _logits(batch, theta)
    top = logits.max(axis=1)
    return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(axis=1)) - logits[:, 0])


def gradients(batch: Instances, theta: Array) -> Array:
    """Derivatives of `losses` by `theta`, of shape (n, features + 1)."""
    logits = _logits(batch, theta)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    share = odds / odds.sum(axis=1, keepdims=True)
    expected = np.einsum("nm,nmf->nf", share, batch.features)
    return np.asarray(batch.sign[:, None] * (expected - batch.features[:, 0]))


def learn(batch: Instances, theta: Array, rates: Rates, seed: int) -> Array:
    """`theta` after one pass over the instances, in an order that `seed` decides.

    The step is constant, so that a taste that changes is followed for ever.
    """
    weight = capped(batch.weight, batch.users, rates.user_cap)
    order = np.random.default_rng(seed).permutation(len(batch))
    usual = weight.mean() if len(weight) else 0.0
    for begin in range(0, len(order), MINI_BATCH):
        chosen = order[begin : begin + MINI_BATCH]
        gradient = (weight[chosen, None] * gradients(batch[chosen], theta)).sum(axis=0) / max(usual * len(chosen), 1e-9)
        theta = theta - rates.step * (gradient + rates.decay * theta)
    return theta


def user_means(values: Array, users: NDArray[np.str_]) -> Array:
    """The mean of each user, so that everyone has one vote."""
    _, whose = np.unique(users, return_inverse=True)
    return np.asarray(np.bincount(whose, values) / np.bincount(whose))


def bounded(theta: Array, served: Array, max_step: float, max_norm: float) -> Array:
    """`theta`, not further from `served` than `max_step` and not further from nothing than `max_norm` (Euclidean, features only)."""
    step = theta[:PLACE] - served[:PLACE]
    moved = served[:PLACE] + step * min(1.0, max_step / max(float(np.linalg.norm(step)), 1e-12))
    moved *= min(1.0, max_norm / max(float(np.linalg.norm(moved)), 1e-12))
    return np.append(moved, theta[PLACE])


def _logits(batch: Instances, theta: Array) -> Array:
    scores = batch.sign[:, None] * (batch.base + batch.features @ theta)
    return np.where(batch.there, scores, -np.inf)
