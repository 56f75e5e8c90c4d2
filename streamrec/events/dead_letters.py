"""Dead letters: the record as it was read, and in headers why and where it could not be used."""

from __future__ import annotations

from streamrec.errors import BadEvent
from streamrec.events.codec import header
from streamrec.events.records import Inbound, Outbound

PREFIX = "streamrec.errors."


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
