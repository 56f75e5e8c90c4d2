import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streamrec.errors import BadEvent
from streamrec.events.avro import avro_schema
from streamrec.events.codec import INPUTS, REASONS, decode, decode_batch
from streamrec.events.registry import SchemaAwaited
from streamrec.events.types import View, to_builtins
from tests.events.registries import Schemas, framed
from tests.events.strategies import VALID, Record

OWN = {number: avro_schema(name) for number, name in enumerate(INPUTS)}
VIEW = {"user_id": "u1", "item_id": "i1", "ts": 1_300_000_000_000}
SCHEMAS = Schemas(OWN)


def of(schema: dict[str, Any], record: dict[str, Any], topic: str = "views") -> Any:
    try:
        return decode(topic, framed(1, schema, record), (), Schemas({1: schema}))
    except BadEvent as bad:
        return bad


def record_of(*fields: tuple[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "Theirs", "fields": [{"name": name, "type": kind} for name, kind in fields]}


@given(st.sampled_from(range(len(INPUTS))).flatmap(lambda number: st.tuples(st.just(number), VALID[INPUTS[number]])))
def test_avro_and_json_of_one_event_are_the_same_event(case: tuple[int, dict[str, Any]]) -> None:
    number, wire = case
    event = decode(INPUTS[number], json.dumps(wire).encode())
    assert decode(INPUTS[number], framed(number, OWN[number], to_builtins(event)), (), SCHEMAS) == event


@given(st.sampled_from(range(len(INPUTS))), st.binary(max_size=200))
def test_any_bytes_behind_a_known_id_decode_or_are_a_bad_event(number: int, body: bytes) -> None:
    (event,) = decode_batch(INPUTS[number], [Record(value=b"\0" + number.to_bytes(4, "big") + body)], SCHEMAS)
    assert isinstance(event, Struct) or event.reason in REASONS


@given(st.integers(0, 60), st.binary(min_size=1, max_size=3))
def test_a_damaged_avro_event_decodes_or_is_a_bad_event(place: int, noise: bytes) -> None:
    value = framed(0, OWN[0], VIEW | {"room_id": "r1", "dwell_ms": 12, "country": "GB"})
    place = 5 + place % (len(value) - 5)
    (event,) = decode_batch("views", [Record(value=value[:place] + noise + value[place + len(noise) :])], SCHEMAS)
    assert isinstance(event, View) or getattr(event, "reason", None) in {"malformed", "invalid", "time"}


@pytest.mark.parametrize("value", [framed(0, OWN[0], VIEW)[:-1], framed(0, OWN[0], VIEW) + b"\0"])
def test_a_body_that_ends_too_soon_or_goes_on_is_malformed(value: bytes) -> None:
    with pytest.raises(BadEvent) as caught:
        decode("views", value, (), SCHEMAS)
    assert caught.value.reason == "malformed"


def test_the_producers_own_schema_counts_unknown_fields_are_ignored_and_missing_ones_have_their_defaults() -> None:
    schema = record_of(("mood", "string"), ("ts", "long"), ("item_id", "string"), ("user_id", "string"))
    assert of(schema, VIEW | {"mood": "good"}) == decode("views", json.dumps(VIEW).encode())


@pytest.mark.parametrize("logical", ["timestamp-millis", "timestamp-micros"])
def test_times_of_avro_are_event_times(logical: str) -> None:
    schema = record_of(("user_id", "string"), ("item_id", "string"), ("ts", {"type": "long", "logicalType": logical}))
    event = of(schema, VIEW | {"ts": datetime.fromtimestamp(1_300_000_000, UTC)})
    assert isinstance(event, View)
    assert event.ts == 1_300_000_000_000


def test_the_limits_of_json_are_those_of_avro() -> None:
    purchase = VIEW | {"price": 2.5, "currency": "GBP"}
    assert of(avro_schema("purchases"), purchase, "purchases").price == 2.5
    for changes in ({"price": float("nan")}, {"price": float("inf")}, {"price": -1.0}, {"currency": "gbp"}, {"user_id": ""}):
        assert of(avro_schema("purchases"), purchase | changes, "purchases").reason == "invalid"
    assert of(avro_schema("views"), VIEW | {"ts": 5}).reason == "time"
    assert of(record_of(("user_id", "bytes"), ("item_id", "string"), ("ts", "long")), VIEW | {"user_id": b"u1"}).reason == "invalid"
    assert of(record_of(("user_id", "string"), ("ts", "long")), {"user_id": "u", "ts": 5_000_000_000_000}).reason in {"invalid", "time"}


def test_a_price_may_be_a_decimal() -> None:
    price = {"type": "bytes", "logicalType": "decimal", "precision": 8, "scale": 2}
    schema = record_of(("user_id", "string"), ("item_id", "string"), ("ts", "long"), ("price", price), ("currency", "string"))
    event = of(schema, VIEW | {"price": Decimal("2.50"), "currency": "GBP"}, "purchases")
    assert event.price == 2.5


def test_an_unknown_id_is_named_and_costs_only_its_own_record() -> None:
    values = [framed(0, OWN[0], VIEW), framed(77, OWN[0], VIEW), json.dumps(VIEW).encode(), b"\0\0\0\0\x4d" + json.dumps(VIEW).encode()]
    events = decode_batch("views", [Record(value=value) for value in values], SCHEMAS)
    assert [getattr(event, "reason", "good") for event in events] == ["good", "unknown_schema", "good", "good"]


def test_json_behind_the_frame_needs_no_schema() -> None:
    assert decode("views", b"\0\0\0\0\x4d" + json.dumps(VIEW).encode() + b"\n", (), SCHEMAS) == decode("views", json.dumps(VIEW).encode())


def test_avro_may_begin_with_a_brace() -> None:
    schema = record_of(("offset", "int"), ("user_id", "string"), ("item_id", "string"), ("ts", "long"))
    value = framed(1, schema, VIEW | {"offset": -62})
    assert value[5:6] == b"{"
    assert isinstance(decode("views", value, (), Schemas({1: schema})), View)


class Asking:
    """Schemas of which none is known yet."""

    def avro(self, schema_id: int) -> Any:
        raise SchemaAwaited(schema_id)

    def settled(self, schema_id: int) -> bool:
        return False


def test_an_event_whose_schema_is_being_asked_for_is_neither_good_nor_bad() -> None:
    json_view, avro_view = Record(value=json.dumps(VIEW).encode()), Record(value=framed(1, OWN[0], VIEW))
    first, second = decode_batch("views", [avro_view, json_view], Asking())
    assert isinstance(first, SchemaAwaited)
    assert isinstance(second, View)
