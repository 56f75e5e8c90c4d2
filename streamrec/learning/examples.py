"""Training examples: a list, what was seen of it and what came of it, as far as is known by then."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

Reaction = tuple[int, str]
"""Position in the list (from 0) and the action."""

IMPRESSION = "impression"


class ExampleItem(Struct, omit_defaults=True):
    """One item of a list: how it was scored, and what the user did with it."""

    item_id: str
    propensity: float
    base_score: float
    features: list[float]
    actions: dict[str, int] = {}
    """Delay (ms) of each action since the list's event time; without any the item was not seen."""


class Example(Struct, omit_defaults=True):
    """The items of one list in its order. Of several examples with one `list_id` the last holds all that the others do."""

    list_id: str
    user: str
    """Not the user's id but a hash of it."""
    ts: int
    arm: str
    weights_version: str
    base: str
    model: str
    schema: str
    items: list[ExampleItem]
    fresh: list[Reaction] = []
    """Reactions that no earlier example of the list has; impressions are none."""


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
