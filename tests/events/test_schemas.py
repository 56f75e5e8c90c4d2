import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import BadEvent
from streamrec.events.codec import INPUTS, decode
from streamrec.events.json_schema import json_schema
from streamrec.events.schemas import complaints, drift, last_release, main, release, write
from streamrec.events.types import WIRE_TYPES, ModelRef, RankedItem, Recommendation, Trigger, to_builtins
from tests.events.strategies import VALID, mutated

SHIPPED = Path(__file__).parents[2] / "schemas"
VALIDATORS = {name: jsonschema.Draft202012Validator(json_schema(name)) for name in WIRE_TYPES}
inputs = st.sampled_from(INPUTS)


def test_every_shipped_schema_is_as_the_types_say() -> None:
    assert drift(SHIPPED) == {}


def test_the_types_serve_who_was_built_on_the_last_release() -> None:
    assert last_release(SHIPPED) == SHIPPED / "released" / "0.1.0"
    assert complaints(SHIPPED) == []


@pytest.mark.parametrize("name", WIRE_TYPES)
def test_every_schema_is_one_and_says_what_it_is_of(name: str) -> None:
    schema = json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(name)
    assert schema["title"] == WIRE_TYPES[name].__name__
    assert schema["description"]


@given(inputs.flatmap(lambda name: st.tuples(st.just(name), VALID[name])))
def test_a_valid_event_validates(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    VALIDATORS[name].validate(wire)


def refusal(topic_name: str, value: bytes) -> BadEvent | None:
    try:
        decode(topic_name, value)
    except BadEvent as bad:
        return bad
    return None


def beyond_json_schema(bad: BadEvent) -> bool:
    """The limits that JSON Schema cannot tell: the latest time, the calendar, and 1.0 where a whole number is due."""
    return bad.reason == "time" or "Expected `int" in str(bad)


@settings(max_examples=400)
@given(inputs.flatmap(lambda name: st.tuples(st.just(name), mutated(name))))
def test_schema_and_codec_accept_and_refuse_the_same(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    validates = VALIDATORS[name].is_valid(json.loads(json.dumps(wire)))
    bad = refusal(name, json.dumps(wire).encode())
    assert validates == (bad is None) or (bad is not None and beyond_json_schema(bad))


@pytest.mark.parametrize("ts", [0, 946_684_799_999, 1.5, "yesterday", "2026-01-31", "2026-01-31T12:00:00", None, True])
def test_schemas_refuse_times_as_far_as_they_can(ts: object) -> None:
    assert not VALIDATORS["views"].is_valid({"user_id": "u", "item_id": "i", "ts": ts})


def test_a_list_validates_as_it_is_sent() -> None:
    sent = Recommendation(
        arm="default",
        list_id="views-0-1",
        user_id="u1",
        trigger=Trigger(topic="views", partition=0, offset=1, event_id="e1", ts=1_300_000_000_000),
        generated_ts=1_300_000_000_005,
        items=[RankedItem(item_id="i1", rank=1, score=0.5, scores={"trending": 0.5}, reasons=["trending"])],
        model=ModelRef(name="base", revision="1", provider="CPUExecutionProvider"),
        weights_version="1",
        seq=1,
        covers=[("views", 0, 1)],
    )
    VALIDATORS["recommendations"].validate(json.loads(json.dumps(to_builtins(sent))))


def test_the_command_writes_and_then_finds_nothing_to_complain_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--folder", str(tmp_path)]) == 0
    assert main(["--check", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_the_command_names_every_file_that_drifted_and_the_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "views.schema.json").unlink()
    (tmp_path / "rooms.avsc").write_text("{}")
    (tmp_path / "gone.schema.json").write_text("{}")
    changed = (tmp_path / "asyncapi.json").read_text().replace("ranked lists out", "ranked lists in")
    (tmp_path / "asyncapi.json").write_text(changed)
    assert main(["--check", "--folder", str(tmp_path)]) == 1
    complaint = capsys.readouterr().err
    assert all(name in complaint for name in ("views.schema.json", "rooms.avsc", "gone.schema.json"))
    assert '-    "description": "Real-time recommendations for live commerce: events in, ranked lists in."' in complaint
    assert "items.avsc" not in complaint
    write(tmp_path)
    assert drift(tmp_path) == {}


def test_what_breaks_the_last_release_is_named_by_file_and_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "released" / "0.0.9").mkdir(parents=True)
    target = release(tmp_path)
    assert main(["--check", "--folder", str(tmp_path)]) == 0
    views = json.loads((target / "views.schema.json").read_text())
    views["properties"]["mood"] = {"type": "string"}
    (target / "views.schema.json").write_text(json.dumps(views))
    items = json.loads((target / "items.avsc").read_text())
    items["fields"] = [field | ({"type": "string"} if field["name"] == "price" else {}) for field in items["fields"]]
    (target / "items.avsc").write_text(json.dumps(items))
    (target / "waves.schema.json").write_text("{}")
    assert main(["--check", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert "items.avsc: data written with it cannot be read" in said[0]
    assert "views.schema.json: the value: the field mood is gone" in said[1]
    assert "waves.schema.json: the topic is gone" in said[2]


def test_what_was_released_once_is_not_written_again(tmp_path: Path) -> None:
    target = release(tmp_path)
    (target / "views.avsc").write_text("kept")
    assert release(tmp_path) == target
    assert (target / "views.avsc").read_text() == "kept"
