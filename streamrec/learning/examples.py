"""Training examples: a list, what was seen of it and what came of it, as far as is known by then."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from streamrec.errors import BadEvent
from streamrec.events.codec import decode_internal
from streamrec.events.examples import Example, ExampleItem, Reaction
from streamrec.ranking.features.schema import SCHEMA, SCHEMAS, carried

__all__ = ["IMPRESSION", "Example", "ExampleItem", "Reaction", "actions_of", "decode_example", "encode_example", "hashed", "rounded"]

IMPRESSION = "impression"

encode_example = msgspec.json.Encoder().encode
"""The value of an example's record."""

_decode = msgspec.json.Decoder(Example).decode


def decode_example(value: bytes | None) -> Example:
    """The example in a record's value, with the features of today where an earlier version can still be read.

    Raises:
        BadEvent: it is no example, or refers to items that it does not have.
    """
    example = decode_internal(_decode, value)
    widths = {len(item.features) for item in example.items}
    names = SCHEMAS.get(example.schema)
    if len(widths) > 1 or (names is not None and widths - {len(names)}):
        raise BadEvent("invalid", "the items of the example have other features than their schema says")
    if any(not 0 < item.propensity <= 1 for item in example.items):
        raise BadEvent("invalid", "a propensity lies outside 0 to 1")
    if any(not 0 <= position < len(example.items) for position, _ in example.fresh):
        raise BadEvent("invalid", "a reaction is to an item that the example does not have")
    if names is None or example.schema == SCHEMA:
        return example
    items = [msgspec.structs.replace(item, features=carried(np.array(item.features), names).tolist()) for item in example.items]
    return msgspec.structs.replace(example, schema=SCHEMA, items=items)


def hashed(user_id: str) -> str:
    """Stands for a user where only sameness matters."""
    return blake2b(user_id.encode(), digest_size=8).hexdigest()


def actions_of(example: Example) -> dict[Reaction, int]:
    """All reactions in an example, with their delays (ms)."""
    return {(position, action): delay for position, item in enumerate(example.items) for action, delay in item.actions.items()}


def rounded(values: Any) -> list[list[float]]:
    """Features as they are written: float16 has no more than four digits."""
    return [[float(f"{value:.4g}") for value in row] for row in values.tolist()]
