"""Avro schemas of the public topics, made from the wire types."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec.inspect as kinds
from fastavro.read import LOGICAL_READERS
from msgspec import NODEFAULT

from streamrec.events.fields import EventTime
from streamrec.events.types import WIRE_TYPES

NAMESPACE = "streamrec"
_INT_32 = 1 << 31
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Schema = dict[str, Any]


def avro_schema(topic_name: str) -> Schema:
    """The Avro schema of a public topic's values: optional fields are unions with null, times are `timestamp-millis`."""
    (record,) = kinds.multi_type_info([WIRE_TYPES[topic_name]])
    schema = _schema(record, "", set())
    assert isinstance(schema, dict)
    head = {"type": schema.pop("type"), "name": schema.pop("name"), "namespace": NAMESPACE}
    return head | schema


def _schema(kind: kinds.Type, name: str, named: set[str]) -> Schema | list[Any] | str:
    """The schema of a type. Types that Avro wants named get `name`; `named` holds the names given so far, which may not be given again."""
    match kind:
        case kinds.Metadata():
            return _schema(kind.type, name, named)
        case kinds.UnionType():
            # Null first: Avro wants a default to be of the union's first branch, and it is null.
            parts = sorted(kind.types, key=lambda part: not isinstance(part, kinds.NoneType))
            return [_schema(part, name, named) for part in parts]
        case kinds.StructType():
            return _record(kind, named)
        case kinds.LiteralType():
            return _enum(kind, name, named)
        case kinds.ListType():
            return {"type": "array", "items": _schema(kind.item_type, name, named)}
        case kinds.DictType():
            return {"type": "map", "values": _schema(kind.value_type, name, named)}
        case kinds.TupleType():
            return _tuple(kind, name, named)
        case kinds.CustomType(cls=cls) if cls is EventTime:
            return {"type": "long", "logicalType": "timestamp-millis"}
        case kinds.IntType(ge=least, le=most):
            small = least is not None and most is not None and least >= -_INT_32 and most < _INT_32
            return "int" if small else "long"
        case kinds.StrType():
            return "string"
        case kinds.FloatType():
            return "double"
        case kinds.BoolType():
            return "boolean"
        case kinds.NoneType():
            return "null"
    raise NotImplementedError(f"{name}: {type(kind).__name__} has no Avro schema; teach `streamrec.events.avro` one")


def _record(kind: kinds.StructType, named: set[str]) -> Schema | str:
    own = kind.cls.__name__
    # Avro allows one definition of a name, and wants it referred to by the name after that.
    if own in named:
        return own
    named.add(own)
    fields = []
    for field in kind.fields:
        entry: Schema = {"name": field.encode_name, "type": _schema(field.type, own + _camel(field.encode_name), named)}
        if text := _text(field.type).get("description"):
            entry["doc"] = text
        if not field.required:
            entry["default"] = field.default if field.default_factory is NODEFAULT else field.default_factory()
        fields.append(entry)
    return {"type": "record", "name": own, "doc": (kind.cls.__doc__ or "").strip(), "fields": fields}


def _enum(kind: kinds.LiteralType, name: str, named: set[str]) -> Schema | str:
    # Avro's symbols are names; other literals have no enum, and are checked after reading.
    if not all(isinstance(value, str) and _NAME.fullmatch(value) for value in kind.values):
        return "string"
    if name in named:
        return name
    named.add(name)
    return {"type": "enum", "name": name, "symbols": list(kind.values)}


def _tuple(kind: kinds.TupleType, name: str, named: set[str]) -> Schema | str:
    """A record whose fields are named by the titles of the tuple's members, since Avro has no tuples."""
    if name in named:
        return name
    named.add(name)
    titles = [_text(part).get("title", f"_{place}") for place, part in enumerate(kind.item_types)]
    parts = zip(titles, kind.item_types, strict=True)
    fields = [{"name": title, "type": _schema(part, name + _camel(title), named)} for title, part in parts]
    return {"type": "record", "name": name, "fields": fields}


def _text(kind: kinds.Type) -> Mapping[str, Any]:
    """The description and title in the annotations of a type."""
    if isinstance(kind, kinds.Metadata):
        return kind.extra_json_schema or {}
    if isinstance(kind, kinds.UnionType):
        return next((text for part in kind.types if (text := _text(part))), {})
    return {}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def undated(schema: Any) -> Any:
    """The schema with logical types whose values are as in JSON.

    Times and durations become whole milliseconds (finer parts are cut off), UUIDs their text, and decimals numbers. A local time counts
    as UTC. A date stays a date, since it is no moment.
    """
    if isinstance(schema, Mapping):
        kept = {key: undated(value) for key, value in schema.items()}
        stored, logical = kept.get("type"), kept.get("logicalType")
        if f"{stored}-{logical}" in _PLAIN and (logical != "decimal" or _has_scale(kept)):
            kept["logicalType"] = f"{_OURS}{logical}"
        elif logical != "date":
            # Milliseconds and texts are stored as JSON has them; Avro's specification wants unknown logical types to be ignored.
            kept.pop("logicalType", None)
        return kept
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        return [undated(part) for part in schema]
    return schema


def _has_scale(schema: Mapping[str, Any]) -> bool:
    precision, scale = schema.get("precision"), schema.get("scale", 0)
    return type(precision) is type(scale) is int and 0 <= scale <= precision <= _PRECISION


def _number(value: bytes, writer: Mapping[str, Any], reader: Any = None) -> int | float:
    # A whole number stays one: JSON producers write counts so, and a float of it would be refused.
    digits, scale = int.from_bytes(value, "big", signed=True), writer.get("scale", 0)
    return digits / 10**scale if scale else digits


def _micros(value: int, writer: Any, reader: Any = None) -> int:
    return value // 1000


def _nanos(value: int, writer: Any, reader: Any = None) -> int:
    return value // 1_000_000


def _text_of(value: bytes, writer: Any, reader: Any = None) -> str | bytes:
    return str(uuid.UUID(bytes=value)) if len(value) == _UUID_BYTES else value


_UUID_BYTES = 16
_OURS = "streamrec-"
_PRECISION = 1000
"""Most digits of a decimal: a schema decides the power of ten that is computed for every value, and its author is not trusted that far."""
_PLAIN: dict[str, Callable[..., Any]] = {
    "long-timestamp-micros": _micros,
    "long-local-timestamp-micros": _micros,
    "long-timestamp-nanos": _nanos,
    "long-local-timestamp-nanos": _nanos,
    "long-time-micros": _micros,
    "fixed-uuid": _text_of,
    "bytes-decimal": _number,
    "fixed-decimal": _number,
}
# fastavro reads a logical type of any name with the function that stands here under it.
LOGICAL_READERS.update({name.replace("-", f"-{_OURS}", 1): read for name, read in _PLAIN.items()})
