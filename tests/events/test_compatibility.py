from copy import deepcopy
from typing import Any

import pytest

from streamrec.events.avro import avro_schema
from streamrec.events.compatibility import avro_breaks, json_breaks
from streamrec.events.json_schema import json_schema
from streamrec.events.types import WIRE_TYPES

PURCHASE = json_schema("purchases")
LIST = json_schema("recommendations")
AVRO = avro_schema("purchases")


def changed(schema: dict[str, Any], field: str, **changes: Any) -> dict[str, Any]:
    """The schema with another field; a change to None takes the key out."""
    copy = deepcopy(schema)
    entry = copy["properties"].setdefault(field, {})
    for key, value in changes.items():
        entry.pop(key, None)
        entry |= {} if value is None else {key: value}
    return copy


def without(schema: dict[str, Any], field: str) -> dict[str, Any]:
    copy = deepcopy(schema)
    del copy["properties"][field]
    return copy


@pytest.mark.parametrize("name", WIRE_TYPES)
def test_what_has_not_changed_is_compatible(name: str) -> None:
    assert json_breaks(json_schema(name), json_schema(name), read=True) == []
    assert avro_breaks(avro_schema(name), avro_schema(name)) == []


def test_a_new_field_with_a_default_breaks_nobody() -> None:
    assert json_breaks(without(PURCHASE, "channel"), PURCHASE, read=True) == []
    assert avro_breaks(AVRO | {"fields": AVRO["fields"][:-1]}, AVRO) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (without(PURCHASE, "country"), "the value: the field country is gone"),
        (changed(PURCHASE, "price", type="string"), "price: type was 'number', is 'string'"),
        (PURCHASE | {"required": [*PURCHASE["required"], "order_id"]}, "the field order_id is required now; give it a default"),
        (changed(PURCHASE, "price", maximum=10), "price: maximum was 1000000000000.0, is 10"),
        (changed(PURCHASE, "price", minimum=1), "price: minimum was 0, is 1"),
        (changed(PURCHASE, "currency", pattern="^EUR$"), "currency: the pattern was '^[A-Z]{3}$', is '^EUR$'"),
        (changed(PURCHASE, "action", enum=["purchase"]), "action: may no longer be 'refund'"),
        (changed(PURCHASE, "order_id", anyOf=[{"type": "string"}]), "order_id: had 2 alternative types, has 1"),
    ],
)
def test_what_breaks_producers_is_named(new: dict[str, Any], said: str) -> None:
    (found,) = [one for one in json_breaks(PURCHASE, new, read=True) if said in one]
    assert said in found


def test_producers_may_be_allowed_more() -> None:
    wider = changed(changed(PURCHASE, "price", maximum=None), "action", enum=["purchase", "refund", "exchange"])
    assert json_breaks(PURCHASE, wider | {"required": ["user_id"]}, read=True) == []


def test_readers_of_lists_may_count_on_the_fields_that_were_always_there() -> None:
    assert json_breaks(LIST, LIST | {"required": LIST["required"][1:]}, read=False) == ["the value: the field list_id may be missing now"]


def test_types_within_types_are_compared_too() -> None:
    new = deepcopy(LIST)
    new["$defs"]["RankedItem"]["properties"]["rank"]["type"] = "string"
    new["properties"]["covers"]["items"]["prefixItems"].pop()
    said = json_breaks(LIST, new, read=False)
    assert any(one.startswith("RankedItem.rank: type was") for one in said) or any("rank: type was 'integer'" in one for one in said)
    assert any(one.startswith("covers[]: prefixItems was") for one in said)


@pytest.mark.parametrize(
    "fields",
    [
        [*AVRO["fields"], {"name": "mood", "type": "string"}],
        [field | ({"type": "string", "default": ""} if field["name"] == "price" else {}) for field in AVRO["fields"]],
        [field | ({"type": {**field["type"], "symbols": ["refund"]}} if field["name"] == "action" else {}) for field in AVRO["fields"]],
    ],
    ids=["a new field without default", "another type", "a lost symbol"],
)
def test_avro_that_the_new_schema_cannot_read_is_found(fields: list[Any]) -> None:
    new = AVRO | {"fields": [{**field, "default": "refund"} if field["name"] == "action" else field for field in fields]}
    (said,) = avro_breaks(AVRO, new)
    assert "data written with it cannot be read" in said
