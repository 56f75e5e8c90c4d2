import json
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streamrec.events.avro import avro_schema, undated
from streamrec.events.codec import INPUTS, decode, encode
from streamrec.events.types import WIRE_TYPES, Reaction, Trigger, to_builtins
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


def test_only_the_logical_type_of_milliseconds_is_taken_off() -> None:
    schema = {"type": "array", "items": ["null", {"type": "long", "logicalType": "timestamp-millis"}]}
    assert undated(schema) == {"type": "array", "items": ["null", {"type": "long"}]}
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    assert undated(micros) == micros
