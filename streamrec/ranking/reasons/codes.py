"""Why an item is in a list: the strongest contributions to its score, as stable codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features.schema import DECLARED, FAMILIES
from streamrec.system.compiled import inlined, jit

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

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
_GROUP = np.array([next(number for number, group in enumerate(_GROUPS) if feature.name in group) for feature in DECLARED])
_NAMING = np.array([any(feature.bond and feature.name in group for feature in DECLARED) for group in _GROUPS])
_MUCH, _MOST, _LITTLE = (
    np.array([feature.scope == "relative" and feature.tells in tells for feature in DECLARED])
    for tells in (("much", "most"), ("most",), ("little",))
)


def strongest(contributions: Floats, features: Floats, holds: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The features that speak for each place, by position, strongest first, of shape (users, k, MOST); -1 where nothing more speaks for it.

    Contributions (users, k, features) are summed by family, and of a family with a positive sum the strongest feature speaks. None speaks
    whose reason does not hold (`holds`, of the same shape); nor one that tells of much or little where `features` (standardised) say that
    the item has no more or no less of it than others, since a weight of the other sign rewards that, too. Of the families that name an item
    of the user's own the stronger speaks: a place names one.
    """
    return _strongest(contributions, features, holds, _GROUP, _NAMING, _MUCH, _MOST, _LITTLE)


@jit
def _strongest(
    contributions: Floats, features: Floats, holds: Mask, group: NDArray[np.intp], naming: Mask, much: Mask, most: Mask, little: Mask
) -> NDArray[np.intp]:
    users, k, size = contributions.shape
    speak = np.full((users, k, MOST), -1, np.intp)
    usual, sums, voice = np.zeros(size), np.zeros(len(naming)), np.zeros(len(naming), np.intp)
    for user in range(users):
        listed = 0
        usual[:] = 0
        for place in range(k):
            there = False
            for feature in range(size):
                there |= features[user, place, feature] != 0
                usual[feature] += features[user, place, feature]
            listed += there
        for feature in range(size):
            usual[feature] = max(usual[feature] / max(listed, 1), 0.0) if most[feature] else 0.0
        for place in range(k):
            sums[:] = 0
            voice[:] = -1
            for feature in range(size):
                value, mine = features[user, place, feature], group[feature]
                true = holds[user, place, feature]
                true &= not (much[feature] and value <= usual[feature]) and not (little[feature] and value >= 0)
                if true:
                    added = contributions[user, place, feature]
                    sums[mine] += added
                    if voice[mine] < 0 or added > contributions[user, place, voice[mine]]:
                        voice[mine] = feature
            _silence(sums, naming)
            for nth in range(MOST):
                best = np.argmax(sums)
                if sums[best] <= 0:
                    break
                speak[user, place, nth] = voice[best]
                sums[best] = 0
    return speak


@inlined
def _silence(sums: Any, naming: Any) -> Any:
    """Let none of the `naming` families speak but the strongest."""
    strongest = -1
    for family in range(len(sums)):
        if naming[family] and (strongest < 0 or sums[family] > sums[strongest]):
            strongest = family
    for family in range(len(sums)):
        if naming[family] and family != strongest:
            sums[family] = 0


def codes(features: Sequence[int]) -> list[str]:
    """The reasons of features by position, without those of -1."""
    return [DECLARED[feature].reason for feature in features if feature >= 0]
