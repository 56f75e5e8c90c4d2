"""Training examples: a list, what was seen of it and what came of it, as far as is known by then."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from streamrec.events.types import Example, ExampleItem, Reaction

__all__ = ["IMPRESSION", "Example", "ExampleItem", "Reaction", "actions_of", "decode_example", "encode_example", "hashed", "rounded"]

IMPRESSION = "impression"

encode_example = msgspec.json.Encoder().encode
"""The value of an example's record."""

decode_example = msgspec.json.Decoder(Example).decode
"""The example in a record's value; raises msgspec.DecodeError."""


def hashed(user_id: str) -> str:
    """Stands for a user where only sameness matters."""
    return blake2b(user_id.encode(), digest_size=8).hexdigest()


def actions_of(example: Example) -> dict[Reaction, int]:
    """Everything that an example tells, with delays."""
    return {(position, action): delay for position, item in enumerate(example.items) for action, delay in item.actions.items()}


def rounded(values: Any) -> list[list[float]]:
    """Features as they are written: float16 has no more than four digits."""
    return [[float(f"{value:.4g}") for value in row] for row in values.tolist()]
