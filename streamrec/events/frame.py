"""Confluent's frame: a zero byte, the 4-byte id of a schema, and a body that is Avro or JSON."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro

from streamrec.errors import BadEvent
from streamrec.events.registry import WriterSchemas

BYTES = 5


def json_body(value: bytes, *, avro_expected: bool) -> bytes | None:
    """The body of a framed value if it is a JSON object, else None.

    Raises:
        BadEvent: the frame is too short to name a schema.
    """
    if len(value) < BYTES:
        raise BadEvent("malformed", "the Confluent frame is shorter than its schema id")
    body = value[BYTES:].lstrip()
    # Avro may begin with the byte of a brace as well, but only where the first field is a number; then the last byte decides.
    return body if body[:1] == b"{" and (not avro_expected or body.rstrip()[-1:] == b"}") else None


def avro_body(value: bytes, schemas: WriterSchemas) -> Any:
    """The record in a framed value, as plain dicts and lists, read with the schema that the frame names.

    Raises:
        BadEvent: `unknown_schema`, or `malformed` when the body is not what that schema says.
        SchemaAwaited: the schema is being asked for.
    """
    schema = schemas.avro(int.from_bytes(value[1:BYTES], "big"))
    body = BytesIO(value)
    body.seek(BYTES)
    try:
        record = fastavro.schemaless_reader(body, schema, None)
    except Exception as exc:
        # fastavro raises errors of many kinds on bytes that do not fit the schema, and all of them are about the bytes.
        raise BadEvent("malformed", f"the Avro body is not of the schema that its frame names ({type(exc).__name__})") from None
    if body.tell() != len(value):
        raise BadEvent("malformed", "the Avro body goes on behind the end that its schema gives it")
    return record
