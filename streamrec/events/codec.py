"""From bytes to events and back. Whatever cannot be used raises a BadEvent with a reason of `REASONS`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from streamrec.contract.records import Headers, Inbound, Unreadable, header
from streamrec.errors import BadEvent
from streamrec.events import frame
from streamrec.events.cloud_events import cloud_event_id
from streamrec.events.declaration import MAX_VALUE_BYTES
from streamrec.events.fields import EventTime, Id
from streamrec.events.partitioner import partition_of
from streamrec.events.registry import SchemaAwaited, WriterSchemas
from streamrec.events.times import EventTimeError, parse_time
from streamrec.events.types import DECLARED, WIRE_TYPES, Item, Recommendation, Room, RowEvent, Rule, UserEvent, encode_hook

REASONS: Final[dict[str, str]] = {
    "malformed": "The value is neither JSON in UTF-8 nor Avro of the schema that its frame names, or is nested too deep.",
    "invalid": "A field is missing, has the wrong type or lies outside its limits.",
    "time": "The time of the event is unreadable, before 2000-01-01 or more than 24 hours ahead.",
    "too_large": "The value is longer than 1 MiB, or what was made of it is larger than its topic takes.",
    "unreadable": "The bytes in Kafka cannot be read: they unpack to more than 16 MiB, or are not what their frame says.",
    "avro": "The body is Avro, and the worker has no schema registry, or the frame is missing that names the schema.",
    "unknown_schema": "The schema registry has no schema of the id that the frame names, or none that can be used.",
    "tombstone": "The record has no value, on a topic where there is nothing to delete.",
    "missing_key": "The record has no key, or one that cannot be an id: not UTF-8, too long, or with control characters.",
    "misrouted": "The key differs from the id in the value, or the record lies in another partition than its key hashes to (murmur2).",
    "failed": "The code that applies the event raised, and state is as if it had never come; the worker's log names the error.",
}
"""Why an event becomes a dead letter: the values of its header `streamrec.errors.reason`, and what they mean."""


class Tombstone(Struct):
    """A record without a value on a compacted topic: what its key names is removed."""


TOMBSTONE: Final = Tombstone()
INPUTS: Final = tuple(name for name, declaration in DECLARED.items() if declaration.reader is not None)
"""Topics that others write and streamrec reads."""
COMPACTED: Final = frozenset(name for name in INPUTS if DECLARED[name].topic.cleanup == "compact")

Internal = TypeVar("Internal")
Event = UserEvent | Item | Room | Rule | Tombstone

# msgspec quotes the wrong value of an enum, and no message may repeat what a person wrote.
_QUOTED_VALUE = re.compile(r"^Invalid enum value .*(?= - at `)", re.DOTALL)


def _decode_hook(wanted: type, raw: Any) -> EventTime:
    if wanted is EventTime:
        return parse_time(raw)
    raise NotImplementedError(f"{wanted.__name__} does not travel on the wire")


# A decoder is compiled for its type once.
_decoders: dict[str, Callable[[bytes], Any]] = {
    name: msgspec.json.Decoder(WIRE_TYPES[name], dec_hook=_decode_hook).decode for name in INPUTS
}
_encoder = msgspec.json.Encoder(enc_hook=encode_hook)


def decode(topic_name: str, value: bytes | None, headers: Headers = (), schemas: WriterSchemas | None = None) -> Event:
    """The event in a value of an input topic: JSON, or JSON or Avro behind Confluent's frame.

    `topic_name` is without the prefix; `schemas` are needed for Avro. A missing value is TOMBSTONE on compacted topics.

    Raises:
        BadEvent: the value cannot be used; the message names the field, never its content.
        SchemaAwaited: the schema of an Avro body is being asked for.
    """
    if value is None:
        if topic_name in COMPACTED:
            return TOMBSTONE
        raise BadEvent("tombstone", "the record has no value; only items, rooms and rules can be deleted")
    require_readable(value)
    if len(value) > MAX_VALUE_BYTES:
        raise BadEvent("too_large", f"the value has {len(value)} bytes; at most {MAX_VALUE_BYTES} are read")
    decoder = _decoders[topic_name]
    try:
        if value[:1] == b"\0":
            # Without a registry nothing can be Avro: what looks like JSON is read as JSON.
            body = frame.json_body(value, avro_expected=schemas is not None)
            if body is None:
                return _decode_avro(topic_name, value, schemas)
            value = body
        # msgspec decodes the strings of known fields only. An event that is kept or passed on must be UTF-8 as a whole.
        if not value.isascii():
            value.decode()
        return decoder(value)  # type: ignore[no-any-return]
    except msgspec.ValidationError as exc:
        reason = "time" if isinstance(exc.__cause__, EventTimeError) else "invalid"
        raise BadEvent(reason, _QUOTED_VALUE.sub("Invalid enum value", str(exc))) from None
    except msgspec.DecodeError as exc:
        if b"avro" in (header(headers, "content-type") or b""):
            raise BadEvent("avro", "the body is Avro without Confluent's frame; add the frame, or send JSON") from None
        raise BadEvent("malformed", str(exc)) from None
    except UnicodeDecodeError as exc:
        raise BadEvent("malformed", f"not UTF-8: {exc.reason} (byte {exc.start})") from None
    # msgspec counts nesting against Python's recursion limit; a kilobyte of brackets is enough.
    except RecursionError:
        raise BadEvent("malformed", "nested too deep") from None


def decode_batch(
    topic_name: str, records: Iterable[Inbound], schemas: WriterSchemas | None = None
) -> list[Event | BadEvent | SchemaAwaited]:
    """Decode every record, in order. In place of an event that cannot be used stands the BadEvent, or the SchemaAwaited if it has to wait.

    An event without an event_id that came as a CloudEvent gets its source and id as one.
    """
    events: list[Event | BadEvent | SchemaAwaited] = []
    add = events.append
    for record in records:
        try:
            event = decode(topic_name, record.value, record.headers, schemas)
            if record.headers and isinstance(event, RowEvent) and event.event_id is None:
                event.event_id = cloud_event_id(record.headers)
            add(event)
        except BadEvent as bad:
            # The worker collects garbage seldom: tracebacks once kept two gigabytes of dead letters in memory.
            add(bad.bare())
        except SchemaAwaited as awaited:
            add(SchemaAwaited(awaited.schema_id))
    return events


def decode_internal(decode_value: Callable[[bytes], Internal], value: bytes | None) -> Internal:
    """Decode a value of one of our own topics, which is not trusted either: anybody may have written it.

    `decode_value` is the `decode` of a msgspec decoder.

    Raises:
        BadEvent: `tombstone`, `unreadable`, `too_large`, `malformed` or `invalid`.
    """
    if value is None:
        raise BadEvent("tombstone", "the record has no value")
    require_readable(value)
    if len(value) > MAX_VALUE_BYTES:
        raise BadEvent("too_large", f"the value has {len(value)} bytes; at most {MAX_VALUE_BYTES} are read")
    try:
        return decode_value(value)
    except msgspec.ValidationError as exc:
        raise BadEvent("invalid", _QUOTED_VALUE.sub("Invalid enum value", str(exc))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadEvent("malformed", str(exc)) from None
    except RecursionError:
        raise BadEvent("malformed", "nested too deep") from None


_decode_list = msgspec.json.Decoder(Recommendation).decode


def decode_list(value: bytes | None) -> Recommendation:
    """The list in a value of the topic `recommendations`; raises BadEvent as `decode_internal` does."""
    return decode_internal(_decode_list, value)


def require_readable(value: bytes | None) -> None:
    """Raise BadEvent (`unreadable`) for a value that stands for a record whose bytes could not be read."""
    if isinstance(value, Unreadable):
        raise BadEvent("unreadable", value.decode())


def key_text(key: bytes | None) -> str:
    """The id in a key, for records whose value does not hold it: tombstones and statistics.

    Raises:
        BadEvent: `missing_key`.
    """
    try:
        return msgspec.convert((key or b"").decode(), Id)
    except (UnicodeDecodeError, msgspec.ValidationError):
        raise BadEvent("missing_key", "the key is no id: 1 to 128 characters in UTF-8, without control characters") from None


def check_route(record_key: bytes | None, row_id: str, partition: int, partitions: int) -> None:
    """Check that a record lies in the partition of its user, item or room; `row_id` is the id in its value.

    A record elsewhere would be applied to a second row of the same user by another worker.

    Raises:
        BadEvent: `missing_key` or `misrouted`.
    """
    # Before the comparison: a missing key is the commoner fault, and has advice of its own.
    if not record_key:
        raise BadEvent("missing_key", "the record has no key; send the id in its value as the key, in UTF-8")
    if record_key != row_id.encode():
        raise BadEvent("misrouted", "the key differs from the id in the value; send that id as the key, in UTF-8")
    right = partition_of(record_key, partitions)
    if partition != right:
        raise BadEvent("misrouted", f"the key belongs to partition {right} of {partitions}; hash with murmur2 (librdkafka: murmur2_random)")


def encode(value: Struct) -> bytes:
    """The value as it is written to a topic: JSON in UTF-8."""
    return _encoder.encode(value)


def _decode_avro(topic_name: str, value: bytes, schemas: WriterSchemas | None) -> Event:
    if schemas is None:
        raise BadEvent("avro", "the body is Avro, and the worker has no schema registry; set schema_registry, or send JSON")
    record = frame.avro_body(value, schemas)
    event: Event = msgspec.convert(record, cast(Any, WIRE_TYPES[topic_name]), dec_hook=_decode_hook)
    return event
