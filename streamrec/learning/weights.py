"""What travels on the topic blend-weights: learned weights for the workers, and the learner's own state beside them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from streamrec.ranking.features.schema import SCHEMA, SCHEMAS, carried

STATE = "learner:"
"""Put before the name of a base in the key of the learner's state."""


class Weights(Struct, omit_defaults=True):
    """A version of what was learned on top of one base blend. The record's key is `base`."""

    version: str
    base: str
    """Name of the blend that it belongs to, see `Ranker.base_name`."""
    schema: str
    """Version of the features."""
    delta: dict[str, float]
    """Added to the weight of each standardised feature; features that are not named keep theirs."""
    published_ts: int
    by: Literal["learner", "guard", "operator"] = "learner"
    restores: str | None = None
    """The earlier version whose weights these are, after a roll-back."""
    metrics: dict[str, float] = {}
    """What it was judged by: see docs/learning.md."""


class Served(Struct, array_like=True):
    """A version that was served, with its weights in the order of the features."""

    version: str
    theta: list[float]


class Head(Struct, array_like=True):
    """What one action taught, in the order of the features, and the weight of the reactions that it rests on, older ones faded."""

    theta: list[float]
    evidence: float


class LearnerState(Struct):
    """Where the learner of one base stands. The key is `STATE` and the base."""

    base: str
    schema: str
    number: int
    """Of the last version."""
    theta: list[float]
    served: Served
    earlier: list[Served]
    """Versions that were served before and not rolled back, newest last."""
    against_base: list[float]
    """Per user and batch: loss of the version then served less that of the base."""
    refused: int
    learned: int
    """Reactions that were learned from."""
    capped: int
    """Reactions that were left out, because their users had more than enough in a batch."""
    offsets: dict[int, int]
    """Per partition of training-examples: the first one that has not been learned from."""
    heads: dict[str, Head] = {}
    """By action."""


SLACK = 1.001
"""Published weights are rounded, which may take them a little further than their bound."""


HEADS_APART = 100.0
"""Heads are moved along with their mean, so that one of them may come to lie beyond the bound of the mean, but never this far."""


def distance(delta: Collection[float], most: float) -> float:
    """How far weights lie from those of the base (Euclidean norm).

    Raises:
        ValueError: one is not finite, or they lie further than `most`.
    """
    length = math.hypot(*delta)
    if not length <= most * SLACK:
        raise ValueError(
            f"they lie {length:.4g} from the base, and learn_max_norm allows {most:g}: run learner and workers with the same settings"
        )
    return length


def require_sound(state: LearnerState, features: int, most: float) -> None:
    """Check a state before it is gone on from.

    Raises:
        ValueError: a term has not as many numbers as `features` and one more, has one that is not finite, or lies too far from the base.
    """
    heads = [head.theta for head in state.heads.values()]
    bounded = [state.theta, state.served.theta, *(served.theta for served in state.earlier)]
    for theta in (*bounded, *heads):
        if len(theta) != features + 1 or not _finite(theta):
            raise ValueError(f"a term has {len(theta)} numbers instead of {features + 1}, or one that is not finite")
    if not _finite([*(head.evidence for head in state.heads.values()), *state.against_base]):
        raise ValueError("an evidence or a loss is not finite")
    for theta in bounded:
        distance(theta[:features], most)
    for theta in heads:
        distance(theta[:features], HEADS_APART * most)


def _finite(values: Sequence[float]) -> bool:
    # Squares of what is finite may not be: 1e200 is no weight either.
    return math.isfinite(sum(value * value for value in values))


encode_record = msgspec.json.Encoder().encode
_decode_weights = msgspec.json.Decoder(Weights).decode
_decode_state = msgspec.json.Decoder(LearnerState).decode


def decode_weights(value: bytes) -> Weights:
    """A version of the weights; one of earlier features says nothing about those that came since."""
    weights = _decode_weights(value)
    return replace(weights, schema=SCHEMA) if weights.schema in SCHEMAS else weights


def decode_state(value: bytes) -> LearnerState:
    """A learner's state; one of earlier features goes on with 0 for those that came since.

    One whose terms have not as many numbers as its features stays as it is: `require_sound` tells what is wrong with it.
    """
    state = _decode_state(value)
    names = SCHEMAS.get(state.schema)
    terms = [state.theta, state.served.theta, *(served.theta for served in state.earlier), *(head.theta for head in state.heads.values())]
    if names is None or state.schema == SCHEMA or any(len(theta) != len(names) + 1 for theta in terms):
        return state

    def moved(theta: Sequence[float]) -> list[float]:
        # Behind the features stands the term of the place in the list.
        return [*carried(np.array(theta[:-1]), names).tolist(), theta[-1]]

    return replace(
        state,
        schema=SCHEMA,
        theta=moved(state.theta),
        served=Served(state.served.version, moved(state.served.theta)),
        earlier=[Served(served.version, moved(served.theta)) for served in state.earlier],
        heads={action: Head(moved(head.theta), head.evidence) for action, head in state.heads.items()},
    )
