"""All features in order, and what follows from their declarations."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.features import absolute, history, links, moment, price, reading, sales, text, viewer, voices
from streamrec.ranking.features.declaration import Family, Feature, Scope

MODULES = (sales, links, text, history, price, reading, absolute, viewer, moment, voices)
# By scope, since what is standardised and what a network reads are runs of columns. Within a scope by module.
DECLARED: tuple[Feature, ...] = tuple(
    feature for scope in get_args(Scope) for module in MODULES for feature in module.FEATURES if feature.scope == scope
)
FEATURES = tuple(feature.name for feature in DECLARED)
"""Names of all features, in the order of their columns."""
POSITION = {name: position for position, name in enumerate(FEATURES)}


def _named(scope: Scope) -> tuple[str, ...]:
    return tuple(feature.name for feature in DECLARED if feature.scope == scope)


RELATIVE, ABSOLUTE, USER, LIVE = (_named(scope) for scope in get_args(Scope))
TEXT = tuple(feature.name for feature in DECLARED if feature.needs_text)
"""Features that need a text model."""
FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(feature.name for feature in DECLARED if feature.family == family) for family in get_args(Family) if family
}

VERSION = max(feature.since for feature in DECLARED)
FIRST_VERSION = 2
"""The oldest version whose features still have a meaning; version 1 had other ones."""


def features_of(version: int) -> tuple[str, ...]:
    """The features of a version that mean the same today, in order: all that it had, unless one has changed since."""
    return tuple(feature.name for feature in DECLARED if feature.since <= version)


def _digest(version: int) -> str:
    return blake2b(",".join([str(version), *features_of(version)]).encode(), digest_size=4).hexdigest()


SCHEMA = _digest(VERSION)
"""Names the features and their meaning, in what is written: slates, examples, learned weights."""
SCHEMAS = {_digest(version): features_of(version) for version in range(FIRST_VERSION, VERSION + 1)}
"""The features of every version that can still be read, by what names it. One of whose features a meaning has changed is not among them:
without that feature its digest comes out another."""


def carried(values: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    """Values (…, n) of the features `names` in today's order (…, features); 0 for features that are not among them."""
    if tuple(names) == FEATURES:
        return values
    aligned = np.zeros((*values.shape[:-1], len(FEATURES)), values.dtype)
    aligned[..., [POSITION[name] for name in names]] = values
    return aligned
