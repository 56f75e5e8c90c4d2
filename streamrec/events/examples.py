"""What travels on the topic `training-examples`: lists, with what was seen of them and what came of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Reaction = tuple[Annotated[int, Meta(title="position")], Annotated[str, Meta(title="action")]]
"""Position in the list (from 0) and the action."""


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
