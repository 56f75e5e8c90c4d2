"""The table of topics: their keys, how Kafka cleans them up, and how they must be set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EVENT_BYTES = 1024 * 1024 + 64 * 1024
"""Largest record of a topic that others write: an event of 1 MiB and its headers."""

DEAD_LETTER_BYTES = 4 * 1024 * 1024
CHANGELOG_BYTES = 4 * 1024 * 1024
DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it should be; `keyed` ones have as many partitions as the setting says, the others one."""

    key: str
    cleanup: Literal["delete", "compact"] = "delete"
    keyed: bool = True
    config: Mapping[str, str] = field(default_factory=dict)


# The broker's clock tells how long an event has waited, and producers' wrong clocks cannot make retention delete it.
_EVENTS = {"max.message.bytes": str(EVENT_BYTES), "message.timestamp.type": "LogAppendTime"}
_CHANGELOG = {
    # Deleted rows stay readable as tombstones for a day, and a day after their deletion their last value is gone.
    "delete.retention.ms": str(DAY_MS),
    "max.compaction.lag.ms": str(DAY_MS),
    "max.message.bytes": str(CHANGELOG_BYTES),
}

TOPICS: dict[str, Topic] = {
    "views": Topic("user_id", config=_EVENTS),
    "purchases": Topic("user_id", config=_EVENTS),
    "danmaku": Topic("user_id", config=_EVENTS),
    "feedback": Topic("user_id", config=_EVENTS),
    "erasures": Topic("user_id", config=_EVENTS),
    "items": Topic("item_id", "compact", keyed=False, config=_EVENTS),
    "rooms": Topic("room_id", "compact", keyed=False, config=_EVENTS),
    "transcripts": Topic("room_id", keyed=False, config=_EVENTS),
    "rules": Topic("rule_id", "compact", keyed=False, config=_EVENTS),
    "item-signals": Topic("item_id"),
    "item-stats": Topic("item_id", "compact"),
    "user-changelog": Topic("row key", "compact", config=_CHANGELOG),
    "item-changelog": Topic("row key", "compact", config=_CHANGELOG),
    "slates": Topic("user_id", config={"message.timestamp.type": "LogAppendTime", "retention.ms": str(2 * DAY_MS)}),
    "models": Topic("name", "compact", keyed=False),
    "blend-weights": Topic("name", "compact", keyed=False),
    "training-examples": Topic("list_id", config={"message.timestamp.type": "LogAppendTime"}),
    "recommendations": Topic("user_id"),
    "replies": Topic("room_id"),
    "dead-letters": Topic("as read", config={"max.message.bytes": str(DEAD_LETTER_BYTES)}),
}
"""Every topic by its name without the prefix."""

USER_SOURCES = ("views", "purchases", "danmaku", "feedback", "erasures")
ITEM_SOURCES = ("item-signals",)
