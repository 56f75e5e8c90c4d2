"""How a type of event is declared: its topic, who reads it, and whether it is answered by a list.

`streamrec.events.types` declares every type once. The table of topics, the schemas, decoding, routing, the simulator and the table in
`docs/topics.md` follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from streamrec.system.clock import DAY_MS

MAX_VALUE_BYTES = 1024 * 1024
"""Longest value of an event, 1 MiB."""

# A producer whose topic takes no more than Kafka's usual 1,048,588 bytes cannot send an event of 1 MiB with its headers.
EVENT_BYTES = MAX_VALUE_BYTES + 64 * 1024
"""Largest record of a topic that others write: an event of 1 MiB and its headers."""

# The broker's clock tells how long a record has waited, and producers' wrong clocks cannot make retention delete it.
BY_ARRIVAL: Mapping[str, str] = {"message.timestamp.type": "LogAppendTime"}
# What was replaced is gone after a day, and so is what was deleted: rows of people, and rooms that quote them.
REPLACED_SOON: Mapping[str, str] = {"delete.retention.ms": str(DAY_MS), "max.compaction.lag.ms": str(DAY_MS)}
EVENT_CONFIG: Mapping[str, str] = {"max.message.bytes": str(EVENT_BYTES), **BY_ARRIVAL}


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be; `keyed` topics have as many partitions as the setting says, the others have one."""

    key: str
    holds: str
    """What it holds, in the words of `docs/topics.md`."""
    written_by: str = "streamrec"
    cleanup: Literal["delete", "compact"] = "delete"
    keyed: bool = True
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A type that travels on a public topic.

    Attributes:
        kind: the type of the topic's values.
        topic: how the topic is keyed and kept.
        reader: which side of the worker reads it; None where streamrec writes it.
        answered: whether such an event is a trigger, answered by a list.
        unanswered: values of the event's `action` that make it no trigger after all.
    """

    kind: type[Struct]
    topic: Topic
    reader: Literal["users", "rooms", "catalogue"] | None = None
    answered: bool = False
    unanswered: frozenset[str] = frozenset()

    def triggers(self, action: str | None) -> bool:
        """Whether an event with this `action` (None where the type has none) is answered by a list."""
        return self.answered and action not in self.unanswered


def user_event(kind: type[Struct], holds: str, *, answered: bool = False, unless: frozenset[str] = frozenset()) -> Declaration:
    """Declare a type that changes what is known of a user; `answered` by a list, `unless` its `action` is one of these."""
    return Declaration(kind, Topic("user_id", holds, "you", config=EVENT_CONFIG), "users", answered, unless)


def room_event(kind: type[Struct], holds: str) -> Declaration:
    """Declare a type that changes what is known of a room."""
    return Declaration(kind, Topic("room_id", holds, "you", config=EVENT_CONFIG), "rooms")


def catalogue_state(kind: type[Struct], key: str, holds: str) -> Declaration:
    """Declare a type that tells the present state of something in the shop: every worker reads all of them, the last of a key counts."""
    return Declaration(kind, Topic(key, holds, "you", "compact", keyed=False, config=EVENT_CONFIG), "catalogue")


def written(
    kind: type[Struct], key: str, holds: str, config: Mapping[str, str] | None = None, cleanup: Literal["delete", "compact"] = "delete"
) -> Declaration:
    """Declare a type that streamrec writes for others to read."""
    return Declaration(kind, Topic(key, holds, cleanup=cleanup, config=config or {}))
