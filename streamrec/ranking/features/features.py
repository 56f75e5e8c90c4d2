"""Computes the features of all candidates of a micro-batch at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrec.ranking.batch.candidates import Candidates
from streamrec.ranking.batch.context import Context
from streamrec.ranking.features.filling import Column, filling
from streamrec.ranking.features.inputs import OF_USER, Inputs
from streamrec.ranking.features.schema import DECLARED, RELATIVE
from streamrec.system.compiled import finite, inlined, jit

Array = NDArray[np.float32]
MOST_STANDOUT = 6.0
"""Bound of a z-score, so that one wild value cannot decide a list."""
_LEAST, _MOST, _ZERO, _INFINITE = map(np.float32, (-MOST_STANDOUT, MOST_STANDOUT, 0, np.inf))
_COMPUTED = [Column(position, feature.formula, feature.reads) for position, feature in enumerate(DECLARED) if feature.formula is not None]
_fill, _READ = filling(_COMPUTED, len(DECLARED), OF_USER)


def features(context: Context, candidates: Candidates) -> Array:
    """Raw features of shape (users, candidates, features) in the order of the schema; what a scorer writes is left 0.

    NaN stands where a relative feature is missing, and 0 behind the last candidate. Memory lies feature by feature, so that every column is
    written and reduced in one run.
    """
    slots, inputs = candidates.slots, Inputs(context, candidates)
    raw = np.empty((len(slots), len(DECLARED), slots.shape[1]), np.float32)
    _fill(raw, (slots >= 0).sum(axis=1), *[getattr(inputs, name) for name in _READ])
    return raw.transpose(0, 2, 1)


def standardise(raw: Array, kept: NDArray[np.bool_]) -> Array:
    """Make, in place, z-scores over the kept candidates of each list of relative features; 0 of what is not kept or not finite.

    A candidate whose relative feature is missing (NaN) has the mean of the others.
    """
    _standardise(raw.transpose(0, 2, 1), kept, len(RELATIVE))
    return raw


def z_scores(values: NDArray[np.floating], kept: NDArray[np.bool_]) -> Array:
    """How many standard deviations each value lies above the mean of the kept ones of its list; bounded.

    `values` has the shape (users, candidates).
    """
    made = np.where(np.isfinite(values), values, 0.0).astype(np.float32)[:, None, :]
    _standardise(made, kept, 1)
    return made[:, 0]


@jit
def _standardise(columns: Array, kept: NDArray[np.bool_], relative: int) -> None:
    """The first `relative` of `columns` (users, features, candidates) are those of relative features."""
    # As numbers: a product becomes a vector instruction where a choice does not.
    stays = np.empty(kept.shape[1], np.float32)
    for user in range(len(columns)):
        count, size = _ZERO, 0
        for column in range(len(stays)):
            stays[column] = np.float32(kept[user, column])
            if kept[user, column]:
                count, size = count + np.float32(1), column + 1
        for feature in range(columns.shape[1]):
            # What stands behind the last one would change the order of the sums, and with it their rounding: a viewer would get another
            # list in a micro-batch than alone.
            values = columns[user, feature, :size]
            columns[user, feature, size:] = 0
            if feature >= relative:
                _clear(values, stays)
            elif count and not _z(values, stays, count):
                _z_of_known(values, stays, count)


@inlined
def _clear(values: Any, stays: Any) -> Any:
    for column in range(len(values)):
        values[column] = values[column] if stays[column] > 0 and abs(values[column]) < _INFINITE else _ZERO


@inlined
def _z(values: Any, stays: Any, count: Any) -> Any:
    """Replace the values by their z-scores where all are finite, as nearly always; returns whether they are."""
    total, square = _ZERO, _ZERO
    for column in range(len(values)):
        total += values[column] * stays[column]
    if not abs(total) < _INFINITE:
        return False
    mean = total / count
    for column in range(len(values)):
        values[column] = (values[column] - mean) * stays[column]
        square += values[column] * values[column]
    _scale(values, square / count)
    return True


@inlined
def _z_of_known(values: Any, stays: Any, count: Any) -> Any:
    """The same where some values are missing, which then have the mean of the others."""
    known, total, square = _ZERO, _ZERO, _ZERO
    for column in range(len(values)):
        if stays[column] > 0 and abs(values[column]) < _INFINITE:
            known += 1
            total += values[column]
    mean = total / max(known, np.float32(1))
    for column in range(len(values)):
        values[column] = values[column] - mean if stays[column] > 0 and abs(values[column]) < _INFINITE else _ZERO
        square += values[column] * values[column]
    _scale(values, square / count)


@finite
def _scale(values: Any, variance: Any) -> Any:
    deviation = np.sqrt(variance)
    # Where all candidates are alike, what is left of a deviation is rounding, and nobody stands out.
    scale = np.float32(1) / deviation if deviation > np.float32(1e-6) else _ZERO
    for column in range(len(values)):
        values[column] = min(max(values[column] * scale, _LEAST), _MOST)
