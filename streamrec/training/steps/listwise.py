"""Fits a blend by a listwise softmax: the chance of each ordered item among the candidates of its list.

loss = mean over lists of the cross-entropy between softmax(score + log 1/q) and an even share for each ordered item, where q is the
chance with which a candidate was kept in the sample: sampled candidates stand for those that were left out (importance weights).
Optimiser: AdamW (Loshchilov & Hutter, ICLR 2019), learning rate falling to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.schema import FEATURES, USER
from streamrec.ranking.scorers.blend import ITEM, LEARNED, LIVE_WEIGHTS, PLAIN_WEIGHTS, Blend, Network
from streamrec.training.data.rolls import Sample

Array = NDArray[np.float32]
UNITS, DROPOUT = 32, 0.1
"""Hidden units, and the share of them that each step leaves out. Every list of every worker pays for units; without dropout they learn
single lists by heart."""
RATE, DECAY = 1e-2, 0.03
"""Learning rate of the first step, and weight decay."""
BATCH = 16
"""Lists per step."""
HARD, EASY = 64, 64
"""Negatives of a list: the best by the former blend, all kept; and even draws from the rest."""
K = 10
"""NDCG is judged at the usual length of a list."""


@dataclass(slots=True)
class Lists:
    """Samples of equal width: `rows` (lists, width, features), `target` (lists, width) with sum 1, and log 1/q, -inf for padding."""

    rows: Array
    target: Array
    offset: Array

    @classmethod
    def thin(cls, samples: Sequence[Sample], blend: Blend, rng: np.random.Generator) -> Lists:
        """All that was ordered, the hardest of the other candidates, and draws from the rest; lists with nothing ordered are left out."""
        useful = [sample for sample in samples if sample.ordered.any() and not sample.ordered.all()]
        width = HARD + EASY + max((int(sample.ordered.sum()) for sample in useful), default=0)
        rows = np.zeros((len(useful), width, LEARNED), np.float32)
        target, offset = np.zeros((len(useful), width), np.float32), np.full((len(useful), width), -np.inf, np.float32)
        for number, sample in enumerate(useful):
            others = np.flatnonzero(~sample.ordered)
            others = others[np.argsort(-blend.score(sample.features[None].astype(np.float32))[0, others], kind="stable")]
            hard, rest = others[:HARD], others[HARD:]
            drawn = rng.choice(rest, min(EASY, len(rest)), replace=False)
            right = np.flatnonzero(sample.ordered)
            chosen = np.concatenate([right, hard, drawn])
            rows[number, : len(chosen)] = sample.features[chosen, :LEARNED]
            target[number, : len(right)] = 1 / len(right)
            offset[number, : len(chosen)] = 0.0
            offset[number, len(right) + len(hard) : len(chosen)] = np.log(len(rest) / max(len(drawn), 1))
        return cls(rows, target, offset)


def fit(lists: Lists, epochs: int, seed: int, units: int = UNITS) -> Blend:
    """A blend of one seed; without `units` it is linear. What is 0 in all lists keeps its plain weight and stays out of the network."""
    rng = np.random.default_rng(seed)
    unseen = ~lists.rows.reshape(-1, LEARNED).any(axis=0)
    into = rng.normal(0, (2 / LEARNED) ** 0.5, (LEARNED, units)).astype(np.float32)
    into[unseen] = 0.0
    params = [np.zeros(LEARNED, np.float32), into, np.zeros(units, np.float32), np.zeros(units, np.float32)]
    if units:
        params[3] = rng.normal(0, 0.1 / units**0.5, units).astype(np.float32)
    first, second = [np.zeros_like(param) for param in params], [np.zeros_like(param) for param in params]
    batches = max(1, len(lists.rows) // BATCH)
    step, steps = 0, epochs * batches
    still = np.array([name in USER for name in FEATURES[:LEARNED]])
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(lists.rows)), batches):
            gradients = _gradients(params, lists, batch, rng)
            gradients[0][still] = 0.0
            step += 1
            rate = RATE * (1 - (step - 1) / steps)
            for param, slope, m, v in zip(params, gradients, first, second, strict=True):
                m += 0.1 * (slope - m)
                v += 0.001 * (slope**2 - v)
                param *= 1 - rate * DECAY
                param -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    learned = {FEATURES[place]: float(params[0][place]) for place in np.flatnonzero(~unseen)}
    weights = dict.fromkeys(FEATURES, 0.0) | PLAIN_WEIGHTS | learned | LIVE_WEIGHTS
    _, into, bias, out = params
    return Blend(weights, f"seed {seed}", Network(into, bias, out, lists.rows[:, :, ITEM:].max(axis=(0, 1))) if units else None)


def _gradients(params: list[Array], lists: Lists, batch: NDArray[np.intp], rng: np.random.Generator) -> list[Array]:
    linear, into, bias, out = params
    rows, target = lists.rows[batch], lists.target[batch]
    flat = rows.reshape(-1, LEARNED)
    hidden = flat @ into + bias
    mask = (hidden > 0) * ((rng.random(hidden.shape, np.float32) >= DROPOUT) / np.float32(1 - DROPOUT))
    hidden *= mask
    scores = (flat @ linear + hidden @ out).reshape(target.shape) + lists.offset[batch]
    chance = np.exp(scores - scores.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    wrong = ((chance - target) / len(batch)).reshape(-1)
    back = wrong[:, None] * out * mask
    return [wrong @ flat, flat.T @ back, back.sum(axis=0), hidden.T @ wrong]


def averaged(blends: Sequence[Blend], version: str) -> Blend:
    """The blend whose score is the mean of the scores of all."""
    weights = {name: float(np.mean([blend.weights[name] for blend in blends])) for name in FEATURES}
    nets = [blend.network for blend in blends if blend.network is not None]
    if not nets:
        return Blend(weights, version)
    parts = [np.concatenate([getattr(net, name) for net in nets], axis=-1) for name in ("into", "bias", "out")]
    most = np.max([net.most for net in nets], axis=0)
    return Blend(weights, version, Network(parts[0], parts[1], (parts[2] / len(blends)).astype(np.float32), most))


def ndcg(samples: Sequence[Sample], blend: Blend) -> NDArray[np.float64]:
    """NDCG@10 of every sample with something relevant, over all its candidates; what was no candidate counts as missed."""
    discounts = 1 / np.log2(np.arange(2, K + 2))
    gains = []
    for sample in samples:
        if sample.relevant:
            order = np.argsort(-blend.score(sample.features[None].astype(np.float32))[0], kind="stable")[:K]
            hits = sample.ordered[order]
            gains.append((hits * discounts[: len(hits)]).sum() / discounts[: min(K, sample.relevant)].sum())
    return np.array(gains)
