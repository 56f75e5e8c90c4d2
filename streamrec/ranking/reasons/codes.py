"""Why an item is in a list: the strongest contributions to its score, as stable codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.schema import DECLARED, FAMILIES

Floats = NDArray[np.float64]

EXPLORED = "explored"
RULE = "rule"
"""A rule's reason on a list is `rule:` and the rule's id."""
WHEN = {feature.reason: stated.states for feature in DECLARED if (stated := feature.fact or feature.bond)} | {
    EXPLORED: "the place explores: fewer than 50 impressions of it are known (half-life 30 days)",
    RULE: "the rule that is named moved it",
}
"""When each reason is given, for docs/reading-lists.md."""
CODES = tuple(WHEN)
"""All codes, each once: several features may give the same reason."""
MOST = 3
"""Reasons of an item besides rules: more than a viewer reads beside a product, and the fourth contribution is small."""

_GROUPS = [*FAMILIES.values(), *((feature.name,) for feature in DECLARED if not feature.family)]
_MEMBERS = np.array([[feature.name in group for feature in DECLARED] for group in _GROUPS])
_NAMING = np.array([any(feature.bond and feature.name in group for feature in DECLARED) for group in _GROUPS])
_MUCH, _MOST, _LITTLE = (
    np.array([feature.scope == "relative" and feature.tells in tells for feature in DECLARED])
    for tells in (("much", "most"), ("most",), ("little",))
)


def strongest(contributions: Floats, features: Floats, holds: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The features that speak for each place, by position, strongest first, of shape (…, k, MOST); -1 where nothing more speaks for it.

    Contributions (…, k, features) are summed by family, and of a family with a positive sum the strongest feature speaks. None speaks whose
    reason does not hold (`holds`, of the same shape); nor one that tells of much or little where `features` (standardised) say that the
    item has no more or no less of it than others, since a weight of the other sign rewards that, too. Of the families that name an item
    of the user's own the stronger speaks: a place names one.
    """
    listed = np.maximum((features != 0).any(axis=-1).sum(axis=-1), 1)[..., None, None]
    ordinary = features <= np.maximum(features.sum(axis=-2, keepdims=True) / listed, 0.0) * _MOST
    untrue = ~holds | (ordinary & _MUCH) | ((features >= 0) & _LITTLE)
    contributions = np.where(untrue, 0.0, contributions)
    sums = contributions @ _MEMBERS.T.astype(np.float64)
    naming = sums[..., _NAMING]
    weaker = np.arange(naming.shape[-1]) != np.argmax(naming, axis=-1)[..., None]
    sums[..., _NAMING] = np.where(weaker, 0.0, naming)
    families = np.argsort(-sums, axis=-1, kind="stable")[..., :MOST]
    speakers = np.argmax(np.where(_MEMBERS[families], contributions[..., None, :], -np.inf), axis=-1)
    return np.where(np.take_along_axis(sums, families, axis=-1) > 0, speakers, -1)


def codes(features: Sequence[int]) -> list[str]:
    """The reasons of features by position, without those of -1."""
    return [DECLARED[feature].reason for feature in features if feature >= 0]
