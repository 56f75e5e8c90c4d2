"""What must come out, computed from the source topics and the labels in them, by none of the code that is on trial."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.faults.events import CURSED, GHOST, GONE, GOOD, LABEL, POISON, REPEAT
from benchmarks.faults.past import FORMER, Past, Place, Positions, former

DAY_MS = 86_400_000
INTEREST_HALF_LIFE_DAYS = 60.0
TALLIES = {"purchases": "bought", "views": "seen", "danmaku": "named"}
"""Where the row of a user counts an event that names an item."""


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
    """All that must come out. `free` are triggers that may or may not be covered: those of users who are erased.

    Where `until` is given, all workers have ended, and had counted the events before these positions. `ids` are the event ids (with
    their users) that were counted.
    """

    past: Past = field(default_factory=Past)
    until: Positions | None = None
    users: dict[str, User] = field(default_factory=lambda: defaultdict(User))
    erased: set[str] = field(default_factory=set)
    items: Counter[str] = field(default_factory=Counter)
    triggers: set[Place] = field(default_factory=set)
    free: set[Place] = field(default_factory=set)
    dead: dict[Place, str] = field(default_factory=dict)
    ids: set[tuple[str, str]] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    events: int = 0

    @property
    def halted(self) -> bool:
        """Whether this is the truth of a moment at which all workers have ended in the middle of their work."""
        return self.until is not None

    def beyond(self, place: Place) -> bool:
        """Whether the record was not counted: its topic was deleted before, or all workers had ended. What was sent of it does no harm."""
        name, partition, offset = place
        topic, _, number = name.partition(FORMER)
        if number:
            return offset >= self.past.generations[topic][int(number)].counted.get(partition, 0)
        if self.until is None or topic == "items":
            return False
        return offset >= self.until.get((topic, partition), 0)

    def settled(self, place: Place) -> bool:
        """Whether the event was counted before the last halt."""
        name, partition, offset = place
        return FORMER in name or offset < self.past.marks.get((name, partition), 0)


def truth(sources: Mapping[str, Iterable[Any]], past: Past | None = None, until: Positions | None = None) -> Truth:
    """The truth of the records in the source topics (by name without prefix, in order of their offsets)."""
    found = Truth(past or Past(), until)
    for topic, records in sources.items():
        for number, generation in enumerate(found.past.generations.get(topic, ())):
            for record in generation.records:
                _add(found, topic, former(topic, number), record)
            # No offset of a topic that was made again can be a row's last one.
            for user in found.users.values():
                user.offsets.pop(topic, None)
        for record in records:
            _add(found, topic, topic, record)
    for name in found.erased:
        found.users.pop(name, None)
    found.free |= {later for place in found.past.waiting for later in found.past.names_since(place)}
    found.triggers -= {place for place in found.past.waiting if FORMER in place[0]}
    return found


def weight(times: Iterable[int], at: int) -> float:
    """What events at these times count as of `at`: each halves every 60 days."""
    return sum(math.exp2(-(at - ts) / (INTEREST_HALF_LIFE_DAYS * DAY_MS)) for ts in times)


def _add(found: Truth, topic: str, name: str, record: Any) -> None:
    """Add a record of a topic that is named `name` in places."""
    label, _, reason = next(value for name, value in record.headers if name == LABEL).decode().partition(":")
    place = (name, record.partition, record.offset)
    found.labels[label] += 1
    if topic == "items":
        if label == POISON:
            found.dead[place] = reason
        return
    found.events += 1
    if label in (GOOD, REPEAT):
        _add_good(found, topic, record, place)
    elif found.beyond(place):
        return
    elif label in (POISON, CURSED):
        found.dead[place] = reason
    elif label == GONE:
        _add_gone(found, topic, record, place)
    else:
        raise ValueError(f"{label} is no label of an event")


def _add_gone(found: Truth, topic: str, record: Any, place: Place) -> None:
    if topic == "erasures":
        found.erased.add(record.key.decode())
    else:
        found.free.add(place)


def _add_good(found: Truth, topic: str, record: Any, place: Place) -> None:
    event = json.loads(record.value)
    user_id, event_id, item, beyond = event["user_id"], event.get("event_id"), event.get("item_id"), found.beyond(place)
    # Not by the label: the event that a repeat repeats may have gone with its topic before it was counted, or be sent again later.
    if event_id is not None and (user_id, event_id) in found.ids:
        return
    if item is not None and item != GHOST:
        found.items[item] += found.past.signal_counts(place, beyond, found.settled(place))
    if beyond:
        return
    user = found.users[user_id]
    user.offsets[topic] = record.offset
    found.triggers.add(place)
    if item is not None:
        user.times[TALLIES[topic], item].append(event["ts"])
    if event_id is not None:
        found.ids.add((user_id, event_id))
    if user.ids is not None:
        user.ids += event_id is not None
        if user_id.startswith("odd-"):
            user.ids = None
