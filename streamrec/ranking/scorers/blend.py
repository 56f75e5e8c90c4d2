"""The blend: one score from all features of a candidate, by named weights and, where it was trained, a small network beside them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.schema import ABSOLUTE, DECLARED, FEATURES, RELATIVE, USER
from streamrec.system.compiled import jit

logger = logging.getLogger(__name__)
Array = NDArray[np.float32]
ITEM = len(RELATIVE + ABSOLUTE)
"""Features before this position tell candidates of a list apart; then come those of the user, then those of the moment."""
LEARNED = ITEM + len(USER)

LIVE_WEIGHTS = {feature.name: feature.weight for feature in DECLARED if feature.scope == "live"}
"""Written into every blend that is trained: no file of purchases has rooms, comments or impressions to learn them from. What becomes of
them later changes no blend that is there already; one that is older than such a feature has its weight of today."""

PLAIN_WEIGHTS = {feature.name: feature.weight for feature in DECLARED if feature.scope != "live" and feature.weight}
"""What ranks where no blend was trained, and weighs what a training never saw: round figures."""


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer of rectified units over the learned features: `into` (features, units), `bias` and `out` (units,)."""

    into: Array
    bias: Array
    out: Array
    most: Array = field(default_factory=lambda: np.full(len(USER), np.inf, np.float32))
    """The most of each feature of the user that training saw. Candidates are told apart by values that are bounded anyway; a viewer can be
    busier, and a catalogue larger, than any before, and a network says anything about what it never saw: more counts as this."""


@dataclass(frozen=True, slots=True)
class Blend:
    """score = weights . features + network(features) - network(features with everything about the candidate at 0).

    What is taken off is the same for all candidates of a list, so that a score of 0 is that of an average candidate.
    """

    weights: dict[str, float]
    version: str
    network: Network | None = None

    def __post_init__(self) -> None:
        if set(self.weights) != set(FEATURES):
            raise ValueError(f"the blend needs a weight for each of {FEATURES}")
        net = self.network
        with np.errstate(over="ignore"):
            linear = self.linear()
        numbers = [linear] if net is None else [linear, net.into, net.bias, net.out]
        if not all(np.isfinite(each).all() for each in numbers) or (net is not None and np.isnan(net.most).any()):
            raise ValueError("a weight of the blend is not finite")

    @classmethod
    def plain(cls) -> Blend:
        """The blend for a model folder without a trained one."""
        return cls(dict.fromkeys(FEATURES, 0.0) | PLAIN_WEIGHTS | LIVE_WEIGHTS, "plain")

    def adjusted(self, delta: Mapping[str, float], version: str) -> Blend:
        """This blend plus a linear term: score = score of this blend + sum of delta times standardised feature.

        Raises:
            ValueError: `delta` names a feature that the schema lacks.
        """
        if unknown := delta.keys() - self.weights.keys():
            raise ValueError(f"the blend has no feature {', '.join(sorted(unknown))}")
        return replace(self, weights={name: weight + delta.get(name, 0.0) for name, weight in self.weights.items()}, version=version)

    def score(self, standardised: Array) -> Array:
        """The score of every candidate, of shape (users, candidates), from features of shape (users, candidates, features)."""
        weights, net = self.linear(), self.network
        scores = np.ascontiguousarray(standardised @ weights)
        if net is None or not standardised.size:
            return scores
        # Rows of candidates that were filtered out are all 0, also where they speak of the user.
        average = np.minimum(standardised[:, :, ITEM:LEARNED].max(axis=1), net.most) @ net.into[ITEM:] + net.bias
        # User by user, so that the hidden units stay in the processor's cache.
        for score, values, base in zip(scores, standardised[:, :, :ITEM], average, strict=True):
            _answer(values @ net.into[:ITEM], base, net.out, score)
        return scores

    def contributions(self, standardised: Array) -> Array:
        """What each feature adds to each score, of the shape of `standardised` (…, features); they sum to the score.

        In the network a unit's change against the average candidate is shared out in proportion to its inputs: the rescale rule of
        DeepLIFT (Shrikumar et al., ICML 2017).
        """
        linear = standardised * self.linear()
        net = self.network
        if net is None:
            return np.asarray(linear)
        average = np.minimum(standardised[..., ITEM:LEARNED], net.most) @ net.into[ITEM:] + net.bias
        moved = standardised[..., :ITEM] @ net.into[:ITEM]
        change = np.maximum(average + moved, 0.0) - np.maximum(average, 0.0)
        # Where a unit hardly moved, the ratio would be one of rounding errors: its derivative stands instead.
        slope = np.divide(change, moved, out=(average > 0).astype(np.float32), where=np.abs(moved) > 1e-6)
        linear[..., :ITEM] += standardised[..., :ITEM] * ((slope * net.out) @ net.into[:ITEM].T)
        return np.asarray(linear)

    def linear(self) -> Array:
        """The weights in the order of the schema."""
        return np.array([0.0 if name in USER else self.weights[name] for name in FEATURES], np.float32)


@jit
def _answer(moved: Array, average: Array, out: Array, scores: Array) -> None:
    """Add to each score what the rectified units of a candidate give more than those of an average one; `moved` (candidates, units)."""
    zero = np.float32(0)
    usual = zero
    for unit in range(len(average)):
        usual += max(average[unit], zero) * out[unit]
    for candidate in range(len(scores)):
        total = zero
        for unit in range(len(average)):
            total += max(average[unit] + moved[candidate, unit], zero) * out[unit]
        scores[candidate] += total - usual


def first_finite(blends: Sequence[Blend], standardised: Array, eligible: NDArray[np.bool_]) -> tuple[Blend, Array]:
    """The first blend whose scores of all eligible candidates are finite, and its scores; the last one whatever it gives.

    Features are finite, so weights are at fault: what was learned, or else the model's own. Round weights cannot be.
    """
    for blend in blends[:-1]:
        with np.errstate(over="ignore", invalid="ignore"):
            scores = blend.score(standardised)
        if np.isfinite(scores[eligible]).all():
            return blend, scores
        logger.error("the weights %s give scores that are not finite; the lists of a micro-batch go without them", blend.version)
    return blends[-1], blends[-1].score(standardised)
