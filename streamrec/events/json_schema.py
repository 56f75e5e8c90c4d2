"""JSON Schemas (draft 2020-12) of the public topics, made from the wire types."""

from __future__ import annotations

from typing import Any

import msgspec

from streamrec.events.fields import EventTime
from streamrec.events.times import RFC_3339
from streamrec.events.types import WIRE_TYPES
from streamrec.system.clock import YEAR_2000_MS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_hook(kind: type) -> dict[str, Any]:
    """The schema of an event time. That it may lie at most 24 hours ahead cannot be said in JSON Schema."""
    if kind is EventTime:
        return {
            "description": "Event time: milliseconds since the epoch (UTC) or RFC 3339 text, from 2000-01-01 to 24 hours ahead.",
            "anyOf": [{"type": "integer", "minimum": YEAR_2000_MS}, {"type": "string", "pattern": RFC_3339}],
        }
    raise NotImplementedError(f"{kind.__name__} has no schema")


def json_schema(topic_name: str) -> dict[str, Any]:
    """The JSON Schema of a public topic's values."""
    kind = WIRE_TYPES[topic_name]
    (top,), parts = msgspec.json.schema_components([kind], schema_hook=schema_hook, ref_template="#/$defs/{name}")
    body: dict[str, Any] = parts.pop(top["$ref"].removeprefix("#/$defs/"))
    head = {"$schema": DIALECT, "$id": f"urn:streamrec:schema:{topic_name}"}
    return head | body | ({"$defs": parts} if parts else {})
