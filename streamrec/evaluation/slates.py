"""Logs of what was shown and what came of it: values of the topic `training-examples`, or lines with the same fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from streamrec.errors import InputError
from streamrec.events.files import read_lines, wrong

Chance = Annotated[float, Meta(gt=0, le=1)]


class Shown(Struct):
    """An item of a slate. Its `position` counts from 0, and without it follows from the order; `actions` are what became of the item.

    `propensity` is the probability with which it was put there; without it, or with 1, nothing was left to chance.
    """

    item_id: str
    propensity: Chance | None = None
    position: int | None = None
    actions: dict[str, float] = {}


class Reacted(Struct):
    """Feedback on an item of the slate."""

    item_id: str
    action: str


class Slate(Struct):
    """A list as it was shown; the user is named by `user_id`, or hashed by `user`."""

    list_id: str
    items: list[Shown]
    user_id: str | None = None
    user: str | None = None
    arm: str = "default"
    feedback: list[Reacted] = []

    @property
    def who(self) -> str:
        """Whose list it is."""
        return self.user_id or self.user or ""

    def count(self, action: str) -> int:
        """To how many of its items the user reacted with `action`."""
        return len(self.items_with(action))

    def items_with(self, action: str) -> set[str]:
        """The items of the slate to which the user reacted with `action`; feedback on other items is dropped."""
        reacted = {reaction.item_id for reaction in self.feedback if reaction.action == action}
        return {item.item_id for item in self.items if action in item.actions or item.item_id in reacted}


class Wanted(Struct):
    """An item of a target policy, at a position (from 0) or rank (from 1), with the probability that the policy puts it there."""

    item_id: str
    rank: int | None = None
    position: int | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0


class Target(Struct):
    """What the policy to be judged would have shown instead of the list of that id."""

    list_id: str
    items: list[Wanted]


@dataclass(frozen=True, slots=True)
class ListPlace:
    """A place of a list."""

    list_id: str
    position: int


_slate = msgspec.json.Decoder(Slate)
_target = msgspec.json.Decoder(Target)


def read_slates(path: Path) -> list[Slate]:
    """The slates of a log, in its order; of several lines with one list_id the last counts.

    Raises:
        InputError: the file cannot be read, or a line is no slate; names the line.
    """
    slates: dict[str, Slate] = {}
    for number, line in read_lines(path):
        try:
            slate = _slate.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(path, number, exc) from exc
        if not slate.who:
            raise wrong(path, number, ValueError("the slate names neither user_id nor user"))
        # The learner writes a list's example again with every reaction; the last holds all.
        slates[slate.list_id] = slate
    return list(slates.values())


def read_targets(path: Path) -> dict[ListPlace, dict[str, float]]:
    """The probability of each item at each place under the target policy.

    Raises:
        InputError: the file cannot be read, a line is no target, or the probabilities of a place add up to more than 1.
    """
    chances: dict[ListPlace, dict[str, float]] = {}
    for number, line in read_lines(path):
        try:
            target = _target.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise wrong(path, number, exc) from exc
        for at, item in enumerate(target.items):
            position = item.position if item.position is not None else item.rank - 1 if item.rank is not None else at
            of_place = chances.setdefault(ListPlace(target.list_id, position), {})
            of_place[item.item_id] = of_place.get(item.item_id, 0.0) + item.probability
            # Room for rounding in what others wrote.
            if sum(of_place.values()) > 1 + 1e-6:
                raise InputError(f"{path}: line {number + 1}: the chances of place {position} add up to more than 1; correct the line")
    return chances
