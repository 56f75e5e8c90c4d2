"""Computes the features of all candidates of a micro-batch at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.declaration import Feature
from streamrec.ranking.features.inputs import Inputs
from streamrec.ranking.features.schema import DECLARED, POSITION, RELATIVE

Array = NDArray[np.float32]
MOST_STANDOUT = 6.0
"""Bound of a z-score, so that one wild value cannot decide a list."""


def _alike(feature: Feature) -> tuple[object, ...]:
    return feature.formula, feature.reads, feature.missing, feature.neutral


_POSITIONS: dict[tuple[object, ...], list[int]] = {}
for _position, _feature in enumerate(DECLARED):
    if _feature.formula is not None:
        _POSITIONS.setdefault(_alike(_feature), []).append(_position)
COMPUTED = [(DECLARED[positions[0]], positions) for positions in _POSITIONS.values()]
"""Features to be computed, each with the columns that its values fill: some differ in scope alone."""

SOMETIMES_MISSING = [POSITION[feature.name] for feature in DECLARED if feature.scope == "relative" and feature.missing is not None]


def features(context: Context, candidates: Candidates) -> Array:
    """Raw features of shape (users, candidates, features) in the order of the schema; what a scorer writes is left 0.

    Memory lies feature by feature, so that every column is written and reduced in one run.
    """
    slots, inputs = candidates.slots, Inputs(context, candidates)
    raw = np.zeros((len(slots), len(DECLARED), slots.shape[1]), np.float32).transpose(0, 2, 1)
    for feature, positions in COMPUTED:
        values = feature.values(inputs)
        for position in positions:
            raw[:, :, position] = values
    return raw


def standardised(raw: Array, kept: NDArray[np.bool_]) -> Array:
    """Relative features as z-scores over the kept candidates of each list, the others as they are; 0 where not kept or not finite."""
    made = raw.transpose(0, 2, 1).copy()
    _settle(made, kept)
    np.copyto(made, 0, where=~kept[:, None, :])
    # Infinity and NaN survive a sum, and one sum is cheaper than looking at every value.
    if not np.isfinite(made.sum()):
        np.copyto(made, 0, where=~np.isfinite(made))
    made[:, : len(RELATIVE)] = _z(made[:, : len(RELATIVE)], kept)
    return made.transpose(0, 2, 1)


def _settle(columns: Array, kept: NDArray[np.bool_]) -> None:
    """Put the mean of the known values of a list where a candidate's is missing, so that its z-score is 0."""
    for position in SOMETIMES_MISSING:
        values = columns[:, position]
        missing = np.isnan(values)
        if missing.any():
            known = kept & ~missing
            mean = np.where(known, values, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            np.copyto(values, mean[:, None], where=missing)


def z_scores(values: NDArray[np.floating], kept: NDArray[np.bool_]) -> Array:
    """How many standard deviations each value lies above the mean of the kept ones of its list; bounded.

    `values` has the shape (users, candidates).
    """
    return _z(np.where(kept & np.isfinite(values), values, 0.0).astype(np.float32)[:, None, :], kept)[:, 0]


def _z(columns: Array, kept: NDArray[np.bool_]) -> Array:
    """`columns` of shape (users, features, candidates) are 0 where not kept."""
    count = np.maximum(kept.sum(axis=1), 1).astype(np.float32)[:, None, None]
    away = columns - columns.sum(axis=2, keepdims=True) / count
    away *= kept[:, None, :]
    deviation = np.sqrt(np.einsum("ufc,ufc->uf", away, away)[:, :, None] / count)
    # Where all candidates are alike, what is left of a deviation is rounding, and nobody stands out.
    away /= np.where(deviation > 1e-6, deviation, np.inf)
    return np.asarray(np.clip(away, -MOST_STANDOUT, MOST_STANDOUT, out=away))
