"""Dead letters: the record as it was read, and in headers why and where it could not be used."""

from __future__ import annotations

from typing import Final

from streamrec.errors import BadEvent
from streamrec.events.codec import header
from streamrec.events.records import Inbound, Outbound

PREFIX = "streamrec.errors."
CONTEXT: Final[dict[str, str]] = {
    "topic": "the topic that it was read from",
    "partition": "its partition",
    "offset": "its offset",
    "stage": "where it failed: decode, catalogue or apply",
    "reason": "one of the reasons below",
    "message": "the same for a person to read; names the field, never its content",
    "timestamp": "when it failed, ms",
    "attempts": "how often it has failed by now",
}
"""The headers that a dead letter has, without `PREFIX`, and what they hold."""


def dead_letter(topic: str, record: Inbound, stage: str, error: BadEvent, now_ms: int) -> Outbound:
    """The dead letter of `record` for the dead-letter topic `topic` (full name).

    Key and value are untouched and foreign headers are kept in order. Headers of a former failure are replaced, and its
    `attempts` counted on.
    """
    context = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "stage": stage,
        "reason": error.reason,
        "message": error,
        "timestamp": now_ms,
        "attempts": _attempts(record) + 1,
    }
    headers = [(name, value) for name, value in record.headers if not name.startswith(PREFIX)]
    headers += [(PREFIX + name, str(value).encode()) for name, value in context.items()]
    return Outbound(topic, record.key, record.value, headers)


def _attempts(record: Inbound) -> int:
    former = header(record.headers, PREFIX + "attempts") or b""
    return int(former) if former.isdigit() and len(former) <= 9 else 0
