"""What the operators' rules mean for the candidates of a micro-batch."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.types import Rule
from streamrec.features.queries import Queries
from streamrec.sources.context import Context
from streamrec.sources.hosts import hosts


class Hit(NamedTuple):
    """A rule and the candidates (users, candidates) that it concerns."""

    rule: Rule
    candidates: NDArray[np.bool_]


def hits(context: Context, slots: NDArray[np.int32], actions: Collection[str]) -> list[Hit]:
    """The rules in force with one of these actions that concern any candidate, in the order of their ids."""
    rules = [(rule, users) for rule in context.catalogue.rules.of(actions) if (users := in_force(rule, context.queries)).any()]
    if not rules:
        return []
    items = context.catalogue.items
    numbers = {"item": slots}
    if any(rule.target == "category" for rule, _ in rules):
        numbers["category"] = np.append(items.category, np.int32(0))[slots]
    if any(rule.target == "host" for rule, _ in rules):
        numbers["host"] = hosts(context, slots)
    there = slots >= 0
    found = [Hit(rule, there & (numbers[rule.target] == _number(rule, context.catalogue)) & users[:, None]) for rule, users in rules]
    return [hit for hit in found if hit.candidates.any()]


def in_force(rule: Rule, queries: Queries) -> NDArray[np.bool_]:
    """Which users (users,) the rule concerns at the time of their triggers."""
    since = queries.now >= (rule.starts_ts or 0)
    until = queries.now < rule.expires_ts if rule.expires_ts is not None else np.ones(queries.size, bool)
    here = [rule.room_id is None or (room is not None and room.room_id == rule.room_id) for room in queries.rooms]
    return np.asarray(since & until & np.array(here, bool))


class RuleSource:
    """Items that a rule pins or boosts, by name."""

    name = "rules"

    def fetch(self, context: Context) -> NDArray[np.int32]:
        wanted: dict[int, NDArray[np.bool_]] = {}
        for rule in context.catalogue.rules.of(("pin", "boost")):
            slot = context.catalogue.items.slots.get(rule.target_id) if rule.target == "item" else None
            if slot is not None and context.pool[slot]:
                wanted[slot] = wanted.get(slot, False) | in_force(rule, context.queries)
        slots = np.array([*wanted], np.int32)[None, :]
        users = np.array([*wanted.values()], bool).reshape(len(wanted), context.queries.size).T
        return np.asarray(np.where(users, slots, np.int32(-1)), np.int32)


def _number(rule: Rule, catalogue: Catalogue) -> int:
    """The number that stands for the rule's target; one that no candidate has where the shop does not know it."""
    match rule.target:
        case "item":
            return catalogue.items.slots.get(rule.target_id, -1)
        case "category":
            return catalogue.items.category_number(rule.target_id) or -1
        case "host":
            return catalogue.rooms.host(rule.target_id) or -1
