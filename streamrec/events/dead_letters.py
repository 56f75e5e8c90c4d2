"""Dead letters: the record as it was read, with headers that say why and where it could not be used."""

from __future__ import annotations

from typing import Final

from streamrec.contract.records import Headers, Inbound, Outbound, Unreadable, header
from streamrec.errors import BadEvent

PREFIX = "streamrec.errors."
CONTEXT: Final[dict[str, str]] = {
    "topic": "the topic that it was read from",
    "partition": "its partition",
    "offset": "its offset",
    "stage": "where it failed: decode, catalogue, apply or send",
    "reason": "one of the reasons below",
    "message": "the same for a person to read; names the field, never its content",
    "timestamp": "when it failed, ms",
    "attempts": "how often it has failed by now",
    "cut": "only where the letter would be too large for its topic: what was shortened, its length in bytes and its SHA-256",
}
"""The headers of a dead letter, without `PREFIX`, and what they hold."""

NEXT_STEPS: Final[dict[str, str]] = {
    "malformed": "Mend the producer, and let it send the event again; these bytes fail again.",
    "invalid": "Mend the producer, and let it send the event again; redrive helps only where a later streamrec allows more.",
    "time": "Mend the producer's clock or unit; redrive an event of the future once its time is less than 24 hours ahead.",
    "too_large": "Let the producer send less; at stage send, let the topic take larger records (max.message.bytes).",
    "unreadable": "Let the producer send smaller batches, or compress less; the events are still in their topic, at the offsets named.",
    "avro": "Set schema_registry on the workers, and redrive; or let the producer send JSON.",
    "unknown_schema": "Register the schema, or correct schema_registry; redrive a minute later.",
    "tombstone": "Erase a user by the topic erasures; delete only items and rooms by an empty value.",
    "missing_key": "Let the producer send the id in the value as the key, and the event again; these bytes fail again.",
    "misrouted": "Where only the partition was wrong, redrive: the key decides anew. Set murmur2 as the producer's partitioner.",
    "failed": "Look up the fault in the worker's log; redrive when it is mended.",
}
"""What to do about a dead letter, by its reason."""

FAIL_AGAIN: Final = frozenset({"malformed", "invalid", "too_large", "unreadable", "tombstone", "missing_key"})
"""Reasons that lie in the bytes of the record alone: sent again, they fail again."""

MARKER = "streamrec.redriven"
"""Header of a record in the dead-letter topic that says which letter (PARTITION-OFFSET) was sent back to its topic."""


def dead_letter(topic: str, record: Inbound, stage: str, error: BadEvent, now_ms: int) -> Outbound:
    """The dead letter of `record` for the dead-letter topic `topic` (full name).

    Key and value are untouched, and foreign headers keep their order. Headers of an earlier failure are replaced, and its `attempts`
    counted on. There is no value where nothing could be read.
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
    # A marker that a producer copied from another record would make its event pass for one that was sent back.
    headers = [(name, value) for name, value in record.headers if not name.startswith(PREFIX) and name != MARKER]
    headers += [(PREFIX + name, str(value).encode()) for name, value in context.items()]
    return Outbound(topic, record.key, None if isinstance(record.value, Unreadable) else record.value, headers)


def is_marker(key: bytes | None, value: bytes | None, headers: Headers) -> bool:
    """Whether a record of the dead-letter topic is a marker that a letter was sent back: it has that header, no other, and no value."""
    return value is None and key is not None and [name for name, _ in headers] == [MARKER]


def _attempts(record: Inbound) -> int:
    former = header(record.headers, PREFIX + "attempts") or b""
    # Others write this header too: what is no small number counts as none.
    return int(former) if former.isdigit() and len(former) <= 9 else 0
