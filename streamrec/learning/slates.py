"""Slates: every list with its features as scored, so that what happens to it can be learned from."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal
from streamrec.events.types import Recommendation
from streamrec.ranking.features.schema import FEATURES, SCHEMA, SCHEMAS, carried


class Slate(Struct, array_like=True, gc=False):
    """One list as it was scored; all sequences are in the order of the list, best first.

    The fields are written by position: new ones go to the end, with a default.
    """

    list_id: str
    user_id: str
    ts: int
    """Event time (ms) of the trigger."""
    generated_ts: int
    arm: str
    weights_version: str
    base: str
    """Name of the blend without what was learned since, see `Ranker.base_name`."""
    model: str
    """Revision of the text model."""
    schema: str
    """Version of the features."""
    items: list[str]
    propensities: list[float]
    """How likely each item was to stand in its place."""
    base_scores: list[float]
    """Scores of the blend without what was learned since."""
    features: bytes
    """Standardised features, float16 of shape (items, features), row by row."""

    def matrix(self) -> NDArray[np.float32]:
        """The features, of shape (items, features)."""
        return np.frombuffer(self.features, "<f2").reshape(len(self.items), -1).astype(np.float32)


def slate_of(made: Recommendation, base: str, base_scores: NDArray[np.float64], features: NDArray[np.float64]) -> Slate:
    """The slate of a list; `base_scores` (items) and `features` (items, features) belong to its items, in their order."""
    assert features.shape == (len(made.items), len(FEATURES))
    return Slate(
        list_id=made.list_id,
        user_id=made.user_id,
        ts=made.trigger.ts,
        generated_ts=made.generated_ts,
        arm=made.arm,
        weights_version=made.weights_version,
        base=base,
        model=made.model.revision,
        schema=SCHEMA,
        items=[item.item_id for item in made.items],
        propensities=[1.0 if item.propensity is None else item.propensity for item in made.items],
        base_scores=np.round(base_scores, 4).tolist(),
        features=features.astype("<f2").tobytes(),
    )


encode_slate = msgspec.msgpack.Encoder().encode
"""The value of a slate's record."""

_decode = msgspec.msgpack.Decoder(Slate).decode


def decode_slate(value: bytes | None) -> Slate:
    """The slate in a record's value, with the features of today where an earlier version can still be read.

    Raises:
        BadEvent: it is none, or its parts do not belong together; a slate of another version's features is no fault.
    """
    slate = decode_internal(_decode, value)
    count = len(slate.items)
    finite = all(map(math.isfinite, (*slate.propensities, *slate.base_scores)))
    if not count == len(slate.propensities) == len(slate.base_scores) or not finite or not all(0 < p <= 1 for p in slate.propensities):
        raise BadEvent("invalid", "the slate does not have one propensity and one finite score for each item")
    names = SCHEMAS.get(slate.schema)
    width = max(1, len(slate.features) // max(1, 2 * count)) if names is None else len(names)
    if not count or len(slate.features) != 2 * count * width or not np.isfinite(slate.matrix()).all():
        raise BadEvent("invalid", "the slate does not have the same finite features for each item")
    if names is None or slate.schema == SCHEMA:
        return slate
    return msgspec.structs.replace(slate, schema=SCHEMA, features=carried(slate.matrix(), names).astype("<f2").tobytes())
