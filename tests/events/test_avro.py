import json
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streamrec.events.avro import avro_schema, undated
from streamrec.events.codec import INPUTS, decode, encode
from streamrec.events.examples import Reaction
from streamrec.events.fields import EventTime
from streamrec.events.registry import usable
from streamrec.events.types import WIRE_TYPES, Trigger, View, to_builtins
from tests.events.strategies import VALID

SCHEMAS = {name: fastavro.parse_schema(undated(avro_schema(name))) for name in WIRE_TYPES}


@pytest.mark.parametrize("name", WIRE_TYPES)
def test_every_schema_is_one_and_names_its_type(name: str) -> None:
    schema = avro_schema(name)
    fastavro.parse_schema(schema)
    assert schema["name"] == WIRE_TYPES[name].__name__
    assert [field["name"] for field in schema["fields"]] == list(WIRE_TYPES[name].__struct_fields__)


@pytest.mark.parametrize("name", WIRE_TYPES)
def test_what_may_be_left_out_has_a_default(name: str) -> None:
    wire = WIRE_TYPES[name]
    optional = wire.__struct_fields__[-len(wire.__struct_defaults__) :] if wire.__struct_defaults__ else ()
    assert {field["name"] for field in avro_schema(name)["fields"] if "default" in field} == set(optional)


@given(st.sampled_from(INPUTS).flatmap(lambda name: st.tuples(st.just(name), VALID[name])))
def test_an_event_comes_through_avro_as_it_went_in(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    event = decode(name, encode(decode(name, json.dumps(wire).encode())))
    body = BytesIO()
    fastavro.schemaless_writer(body, SCHEMAS[name], to_builtins(event))
    body.seek(0)
    assert fastavro.schemaless_reader(body, SCHEMAS[name]) == to_builtins(event)


def test_a_type_that_is_named_twice_is_written_once() -> None:
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            found.extend([part["name"]] if "name" in part and part.get("type") in ("record", "enum") else [])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk([avro_schema(name) for name in WIRE_TYPES])
    assert len(found) == len(set(found))
    assert {"View", "RankedItem", "RecommendationCovers", "RoomStatus"} <= set(found)


class Twice(Struct):
    """Holds a type, a choice and a tuple in two places each."""

    first: Reaction
    second: Reaction
    one: Trigger
    more: list[Trigger]


def test_a_type_in_two_places_is_defined_at_the_first_and_named_at_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WIRE_TYPES, "twice", Twice)
    schema = avro_schema("twice")
    fastavro.parse_schema(schema)
    assert schema["fields"][2]["type"]["name"] == "Trigger"
    assert schema["fields"][3]["type"] == {"type": "array", "items": "Trigger"}


def test_the_places_of_a_tuple_have_names() -> None:
    (covers,) = [field for field in avro_schema("recommendations")["fields"] if field["name"] == "covers"]
    assert [field["name"] for field in covers["type"]["items"]["fields"]] == ["topic", "partition", "offset"]


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC)
MS = 1_767_323_045_678
USER = uuid.UUID("7b23c34c-f237-4e81-b2c1-7755dad1f49f")
MOMENTS: dict[str, tuple[Any, Any]] = {
    "timestamp-millis": (MOMENT, MS),
    "timestamp-micros": (MOMENT, MS),
    "timestamp-nanos": (MS * 1_000_000 + 901_234, MS),
    "local-timestamp-millis": (MOMENT.replace(tzinfo=None), MS),
    "local-timestamp-micros": (MOMENT.replace(tzinfo=None), MS),
    "local-timestamp-nanos": (MS * 1_000_000, MS),
    "time-micros": (time(0, 0, 5, 7), 5000),
}
PLAIN: list[tuple[Any, Any, Any]] = [
    *(({"type": "long", "logicalType": name}, value, plain) for name, (value, plain) in MOMENTS.items()),
    (["null", {"type": "long", "logicalType": "timestamp-micros"}], MOMENT, MS),
    ({"type": "long", "logicalType": "timestamp-micros"}, datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), -1),
    ({"type": "int", "logicalType": "time-millis"}, time(0, 0, 5), 5000),
    ({"type": "int", "logicalType": "date"}, date(2026, 1, 2), date(2026, 1, 2)),
    ({"type": "string", "logicalType": "uuid"}, USER, str(USER)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, Decimal("-12.50"), -12.5),
    ({"type": "bytes", "logicalType": "decimal", "precision": 9}, Decimal("7"), 7),
    ({"type": "fixed", "name": "Eight", "size": 8, "logicalType": "decimal", "precision": 9, "scale": 3}, Decimal("0.001"), 0.001),
]
STORED: list[tuple[Any, Any, Any]] = [
    ({"type": "fixed", "name": "Sixteen", "size": 16, "logicalType": "uuid"}, USER.bytes, str(USER)),
    ({"type": "fixed", "name": "Twelve", "size": 12, "logicalType": "duration"}, b"x" * 12, b"x" * 12),
    ({"type": "fixed", "name": "Four", "size": 4, "logicalType": "uuid"}, b"four", b"four"),
    ({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}, b"a", b"a"),
    ({"type": "bytes", "logicalType": "decimal", "precision": 10**9, "scale": 10**9}, b"a", b"a"),
    ({"type": "bytes", "logicalType": "decimal", "precision": "many"}, b"a", b"a"),
    ({"type": "string", "logicalType": "uuid"}, "no uuid", "no uuid"),
    ({"type": "string", "logicalType": "colour"}, "red", "red"),
    ({"type": "string", "logicalType": ["odd"]}, "red", "red"),
    ({"type": "int", "logicalType": "timestamp-micros"}, 5, 5),
]


def read(written_as: Any, read_as: Any, value: Any) -> Any:
    def record(kind: Any) -> Any:
        return {"type": "record", "name": "R", "fields": [{"name": "x", "type": kind}]}

    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(record(written_as)), {"x": value})
    body.seek(0)
    return fastavro.schemaless_reader(body, fastavro.parse_schema(undated(record(read_as))), None)["x"]


@pytest.mark.parametrize(("kind", "value", "plain"), PLAIN, ids=str)
def test_a_logical_type_is_read_as_what_json_would_have(kind: Any, value: Any, plain: Any) -> None:
    assert (read(kind, kind, value), type(read(kind, kind, value))) == (plain, type(plain))


@pytest.mark.parametrize(("kind", "value", "plain"), STORED, ids=str)
def test_a_logical_type_that_is_unknown_or_wrong_is_passed_over(kind: Any, value: Any, plain: Any) -> None:
    bare = {name: what for name, what in kind.items() if name != "logicalType"}
    assert read(bare, kind, value) == plain


class One:
    """A registry with one schema."""

    def __init__(self, schema: Any) -> None:
        self._schema = usable(1, schema)

    def avro(self, schema_id: int) -> Any:
        return self._schema


def test_the_ids_of_an_event_may_be_uuids_and_its_time_in_nanoseconds() -> None:
    kinds = {
        "user_id": {"type": "string", "logicalType": "uuid"},
        "item_id": ["null", {"type": "fixed", "name": "Id", "size": 16, "logicalType": "uuid"}],
        "ts": {"type": "long", "logicalType": "timestamp-nanos"},
        "dwell_ms": ["null", {"type": "int", "logicalType": "time-millis"}],
    }
    schema = {"type": "record", "name": "View", "fields": [{"name": name, "type": kind} for name, kind in kinds.items()]}
    bare = json.loads(json.dumps(schema).replace('"logicalType"', '"was"'))
    body = BytesIO(b"\0\0\0\0\1")
    body.seek(5)
    values = {"user_id": str(USER), "item_id": USER.bytes, "ts": MS * 1_000_000, "dwell_ms": 5000}
    fastavro.schemaless_writer(body, fastavro.parse_schema(bare), values)
    event = decode("views", body.getvalue(), (), One(schema))
    assert to_builtins(event) == to_builtins(View(user_id=str(USER), item_id=str(USER), ts=EventTime(MS), dwell_ms=5000))
