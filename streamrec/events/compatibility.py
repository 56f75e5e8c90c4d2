"""Whether the wire types still serve programs built on the last release: fields may only be added, and with defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.utils import generate_many

Schema = Mapping[str, Any]

# fastavro makes values up by the schema: too few may miss a branch of a union, more make the check slower.
SAMPLES = 20
SHAPE = ("type", "$ref", "const", "format", "prefixItems")
"""What may not change at all about a field."""
LOWER, UPPER = ("minimum", "minLength", "minItems", "minProperties"), ("maximum", "maxLength", "maxItems", "maxProperties")


def json_breaks(old: Schema, new: Schema, *, read: bool) -> list[str]:
    """The changes from `old` to `new` that break programs built on the old schema.

    On a topic that streamrec reads (`read`), limits may not become narrower either.
    """
    return list(_breaks(old, new, "", read))


def avro_breaks(old: Any, new: Any) -> list[str]:
    """What keeps a reader with the new Avro schema from reading data written with the old one (Avro's schema resolution)."""
    writer, reader = fastavro.parse_schema(old), fastavro.parse_schema(new)
    for value in generate_many(writer, SAMPLES):
        body = BytesIO()
        fastavro.schemaless_writer(body, writer, value)
        body.seek(0)
        try:
            fastavro.schemaless_reader(body, writer, reader)
        except SchemaResolutionError as exc:
            return [f"data written with it cannot be read: {exc}"]
    return []


def _breaks(old: Schema, new: Schema, at: str, read: bool) -> Iterator[str]:
    where = at or "the value"
    for key in SHAPE:
        if old.get(key) != new.get(key):
            yield f"{where}: {key} was {old.get(key)!r}, is {new.get(key)!r}"
    if lost := [value for value in old.get("enum", ()) if value not in new.get("enum", [value])]:
        yield f"{where}: may no longer be {', '.join(map(repr, lost))}"
    if read:
        yield from _narrower(old, new, where)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name in after:
            yield from _breaks(before[name], after[name], f"{at}.{name}".lstrip("."), read)
        else:
            yield f"{where}: the field {name} is gone"
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{where}: the field {name} is required now; give it a default"
    if not read:
        # Programs that read lists rely on the fields that were always there.
        for name in old.get("required", ()):
            if name in after and name not in new.get("required", ()):
                yield f"{where}: the field {name} may be missing now"
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
            yield from _breaks(old[key], new[key], f"{at}[]", read)
        elif old.get(key) != new.get(key):
            yield f"{where}: {key} was {old.get(key)!r}, is {new.get(key)!r}"
    yield from _parts(old, new, at, read)


def _parts(old: Schema, new: Schema, at: str, read: bool) -> Iterator[str]:
    """The breaks within alternatives and within the types that are referred to."""
    before, after = old.get("anyOf", []), new.get("anyOf", [])
    if len(before) != len(after):
        yield f"{at or 'the value'}: had {len(before)} alternative types, has {len(after)}"
    for former, present in zip(before, after, strict=False):
        yield from _breaks(former, present, at, read)
    known = new.get("$defs", {})
    for name, part in old.get("$defs", {}).items():
        if name in known:
            yield from _breaks(part, known[name], name, read)


def _narrower(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for key in (*LOWER, "exclusiveMinimum"):
        if key in new and new[key] > old.get(key, float("-inf")):
            yield f"{where}: {key} was {old.get(key)}, is {new[key]}"
    for key in (*UPPER, "exclusiveMaximum"):
        if key in new and new[key] < old.get(key, float("inf")):
            yield f"{where}: {key} was {old.get(key)}, is {new[key]}"
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield f"{where}: the pattern was {old.get('pattern')!r}, is {new['pattern']!r}"
    if "enum" in new and "enum" not in old:
        yield f"{where}: only {', '.join(map(repr, new['enum']))} from now on"
