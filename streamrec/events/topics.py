"""The table of topics: their keys, how Kafka cleans them up, how they must be set, and who reads them."""

from __future__ import annotations

from typing import Final, TypeGuard

from streamrec.events.declaration import BY_ARRIVAL, REPLACED_SOON, Topic
from streamrec.events.types import DECLARED, RowEvent, UserEvent
from streamrec.system.clock import DAY_MS

# An event of 1 MiB becomes a dead letter whole; a record that was larger than it should be is cut to fit (`events.sizes`).
DEAD_LETTER_BYTES = 4 * 1024 * 1024
CHANGELOG_BYTES = 4 * 1024 * 1024
_CHANGELOG = {**REPLACED_SOON, "max.message.bytes": str(CHANGELOG_BYTES)}
# A purchase is joined with its list for a day, and a learner that starts reads a day back: what it joins then is up to two days old.
_SLATES = {**BY_ARRIVAL, "retention.ms": str(2 * DAY_MS)}

TOPICS: Final[dict[str, Topic]] = {
    **{name: declaration.topic for name, declaration in DECLARED.items()},
    "dead-letters": Topic(
        "as read", "events that could not be used, [untouched](dead-letters.md)", config={"max.message.bytes": str(DEAD_LETTER_BYTES)}
    ),
    "item-signals": Topic("item_id", "internal: what an event says about an item"),
    "item-stats": Topic(
        "item_id",
        "internal: decayed counters and neighbours of every item; written in the transaction of a checkpoint, so read what is committed",
        cleanup="compact",
    ),
    "user-changelog": Topic(
        "row key",
        "internal: the users' rows; the truth from which a lost disk is rebuilt",
        cleanup="compact",
        config=_CHANGELOG,
    ),
    "room-orders": Topic("room_id", "internal: what is bought in a room, which tells what is on air"),
    "item-changelog": Topic("row key", "internal: the items' rows", cleanup="compact", config=_CHANGELOG),
    "slates": Topic(
        "user_id",
        "internal: every list with its features as scored, for [the learner](learning.md); kept for two days",
        config=_SLATES,
    ),
    "room-changelog": Topic("row key", "internal: the rooms' rows", cleanup="compact", config=_CHANGELOG),
    "models": Topic(
        "name", "which model the workers serve (key `text`), and those before it", "`streamrec models`", "compact", keyed=False
    ),
    "blend-weights": Topic(
        "name",
        "internal: what was [learned](learning.md) on top of each base blend, and where its learner stands",
        cleanup="compact",
        keyed=False,
    ),
}
"""Every topic by its name without the prefix."""

USER_SOURCES: Final = tuple(name for name, declaration in DECLARED.items() if declaration.reader == "users")
ITEM_SOURCES: Final = ("item-signals",)
ROOM_SOURCES: Final = ("transcripts", "danmaku-insights", "room-orders")
TRIGGERS: Final = tuple(name for name, declaration in DECLARED.items() if declaration.answered)
"""Topics whose events are answered by lists."""

_BY_KIND = {declaration.kind: declaration for declaration in DECLARED.values()}


def is_trigger(event: UserEvent) -> TypeGuard[RowEvent]:
    """Whether the event is answered by a list: views, purchases and danmaku are, refunds are not."""
    return _BY_KIND[type(event)].triggers(getattr(event, "action", None))
