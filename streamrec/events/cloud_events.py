"""CloudEvents 1.0 in binary mode (Kafka protocol binding): the headers of our lists, and the identity of others' events."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import msgspec

from streamrec.contract.records import Headers, header
from streamrec.events.fields import Id

CLOUD_EVENT_HEADERS: Final[dict[str, str]] = {
    "ce_specversion": "1.0",
    "ce_id": "The list_id.",
    "ce_source": "/streamrec",
    "ce_type": "streamrec.recommendation",
    "ce_time": "When it was made, RFC 3339.",
    "content-type": "application/json",
    "traceparent": "As the trigger had it (W3C Trace Context).",
}
"""The headers of the lists that streamrec sends (CloudEvents 1.0, binary mode), and what they hold."""


def cloud_event_headers(
    event_id: str, event_type: str, traceparent: bytes | None = None, *, time_ms: int | None = None, source: str = "/streamrec"
) -> list[tuple[str, bytes]]:
    """The headers of a record in the binary mode of CloudEvents 1.0 (Kafka protocol binding).

    `event_type` is a name such as `streamrec.recommendation`. Without `time_ms` the time is now. `traceparent` is passed on unchanged.
    """
    moment = datetime.now(UTC) if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        # strftime has microseconds only, and events have milliseconds.
        ("ce_time", moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].encode() + b"Z"),
        ("content-type", b"application/json"),
    ]
    if traceparent:
        headers.append(("traceparent", traceparent))
    return headers


def cloud_event_id(headers: Headers) -> str | None:
    """The identity of a CloudEvent in binary mode, from `ce_source` and `ce_id`; None when the headers are not those of a CloudEvent."""
    source, own = header(headers, "ce_source"), header(headers, "ce_id")
    if not source or not own or not (header(headers, "ce_specversion") or b"").startswith(b"1."):
        return None
    try:
        return msgspec.convert(f"{source.decode()}#{own.decode()}", Id)
    except (UnicodeDecodeError, msgspec.ValidationError):
        # Too long for an id, or with control characters: the specification bounds neither.
        return blake2b(source + b"#" + own, digest_size=16).hexdigest()
