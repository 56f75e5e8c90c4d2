"""What must come out, computed from the source topics and the labels in them, by none of the code that is on trial."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faults.events import CURSED, GHOST, GONE, GOOD, LABEL, POISON, REPEAT

DAY_MS = 86_400_000
INTEREST_HALF_LIFE_DAYS = 60.0
TALLIES = {"purchases": "bought", "views": "seen", "danmaku": "named"}
"""Where the row of a user counts an event that names an item."""

Place = tuple[str, int, int]
"""Topic without its prefix, partition and offset."""


@dataclass(slots=True)
class User:
    """A user's events, and what a row that applied each once must say.

    `times` are the event times by tally and item; `offsets` the last offset by topic; `ids` how many event ids are known,
    or None where their times lie so far apart that some may be forgotten.
    """

    times: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    offsets: dict[str, int] = field(default_factory=dict)
    ids: int | None = 0


@dataclass(slots=True)
class Truth:
    """All that must come out. `free` are triggers that may or may not be covered: those of users who are erased."""

    users: dict[str, User] = field(default_factory=lambda: defaultdict(User))
    erased: set[str] = field(default_factory=set)
    items: Counter[str] = field(default_factory=Counter)
    triggers: set[Place] = field(default_factory=set)
    free: set[Place] = field(default_factory=set)
    dead: dict[Place, str] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    events: int = 0


def truth(sources: Mapping[str, Iterable[Any]]) -> Truth:
    """The truth of the records in the source topics (by name without prefix, in order of their offsets)."""
    found = Truth()
    for topic, records in sources.items():
        for record in records:
            _add(found, topic, record)
    for user in found.erased:
        found.users.pop(user, None)
    return found


def weight(times: Iterable[int], at: int) -> float:
    """What events at these times count as of `at`: each halves every 60 days."""
    return sum(math.exp2(-(at - ts) / (INTEREST_HALF_LIFE_DAYS * DAY_MS)) for ts in times)


def _add(found: Truth, topic: str, record: Any) -> None:
    label, _, reason = next(value for name, value in record.headers if name == LABEL).decode().partition(":")
    place = (topic, record.partition, record.offset)
    found.labels[label] += 1
    if topic == "items":
        if label == POISON:
            found.dead[place] = reason
        return
    found.events += 1
    if label in (POISON, CURSED):
        found.dead[place] = reason
    elif label == GONE:
        _add_gone(found, topic, record, place)
    elif label == GOOD:
        _add_good(found, topic, record, place)
    elif label != REPEAT:
        raise ValueError(f"{label} is no label of an event")


def _add_gone(found: Truth, topic: str, record: Any, place: Place) -> None:
    if topic == "erasures":
        found.erased.add(record.key.decode())
    else:
        found.free.add(place)


def _add_good(found: Truth, topic: str, record: Any, place: Place) -> None:
    event = json.loads(record.value)
    user = found.users[event["user_id"]]
    user.offsets[topic] = record.offset
    found.triggers.add(place)
    if (item := event.get("item_id")) is not None:
        user.times[TALLIES[topic], item].append(event["ts"])
        if item != GHOST:
            found.items[item] += 1
    if user.ids is not None:
        user.ids += "event_id" in event
        if event["user_id"].startswith("odd-"):
            user.ids = None
