"""Why an item is in a list: the strongest contributions to its score, as stable codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.queries import Queries
from streamrec.ranking.features.schema import DECLARED, FAMILIES

EXPLORED = "explored"
RULE = "rule"
"""A rule's reason on a list is `rule:` and the rule's id."""
CODES = tuple(dict.fromkeys([*(feature.reason for feature in DECLARED if feature.reason), EXPLORED, RULE]))
"""All codes, each once: several features may give the same reason."""
MOST = 3
"""Reasons of an item besides rules: more than a viewer reads beside a product, and the fourth contribution is small."""

_GROUPS = [*FAMILIES.values(), *((feature.name,) for feature in DECLARED if not feature.family)]
_MEMBERS = np.array([[feature.name in group for feature in DECLARED] for group in _GROUPS])
_CROWD = np.array([feature.crowd for feature in DECLARED])
_MUCH = np.array([feature.scope == "relative" and feature.tells == "much" for feature in DECLARED])
_LITTLE = np.array([feature.tells == "little" for feature in DECLARED])
_FACTS = tuple(dict.fromkeys(feature.about for feature in DECLARED if feature.about))
_SPEAKS_OF = np.array([[feature.about is fact for feature in DECLARED] for fact in _FACTS])


def baseless_for(queries: Queries) -> NDArray[np.bool_]:
    """The features whose sentence takes something for granted that is not so of a viewer, of shape (users, features)."""
    return np.asarray(~np.stack([fact(queries) for fact in _FACTS], axis=1) @ _SPEAKS_OF)


def strongest(
    contributions: NDArray[np.float64], features: NDArray[np.float64], few: NDArray[np.bool_], baseless: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The features that speak for each place, by position, strongest first, of shape (…, MOST); -1 where nothing more speaks for it.

    Contributions (…, features) are summed by family, and of a family with a positive sum the strongest feature speaks. Where there are
    only `few` (…) who want the item, no feature speaks that tells of a crowd; and none that tells of much or little where `features` (…,
    features) say that the item has no more or no less of it than others: a weight of the other sign rewards that, too. Those that are
    `baseless` (…, features) do not speak either.
    """
    untrue = baseless | (few[..., None] & _CROWD) | ((features <= 0) & _MUCH) | ((features >= 0) & _LITTLE)
    contributions = np.where(untrue, 0.0, contributions)
    sums = contributions @ _MEMBERS.T.astype(np.float64)
    families = np.argsort(-sums, axis=-1, kind="stable")[..., :MOST]
    speakers = np.argmax(np.where(_MEMBERS[families], contributions[..., None, :], -np.inf), axis=-1)
    return np.where(np.take_along_axis(sums, families, axis=-1) > 0, speakers, -1)


def codes(features: Sequence[int]) -> list[str]:
    """The reasons of features by position, without those of -1."""
    return [DECLARED[feature].reason for feature in features if feature >= 0]
