import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.events.asyncapi import asyncapi
from streamrec.events.codec import INPUTS
from streamrec.events.topics import TOPICS
from streamrec.events.types import WIRE_TYPES
from tests.events.strategies import VALID
from tests.patience import PATIENCE_S

DOCUMENT = asyncapi()
SPECS = "@asyncapi/specs@6.11.1"
"""The AsyncAPI initiative publishes its JSON Schemas on npm only."""


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON Schema of AsyncAPI 3.1.0, by its authors."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed; it carries AsyncAPI's own JSON Schema")
    folder = tmp_path_factory.mktemp("asyncapi")
    done = subprocess.run([npm, "pack", "--silent", SPECS], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode:
        pytest.skip(f"npm has no {SPECS}: {done.stderr[-300:]}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as files:
        found = files.extractfile("package/schemas/3.1.0-without-$id.json")
        assert found is not None
        schema: dict[str, Any] = json.load(found)
    return schema


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def follow(reference: str) -> Any:
    found: Any = DOCUMENT
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


def test_the_document_is_valid_by_the_schema_of_asyncapi(official: dict[str, Any]) -> None:
    validator = jsonschema.Draft7Validator(official)
    assert [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(DOCUMENT)] == []
    assert not validator.is_valid(DOCUMENT | {"channels": {"views": {"adress": "streamrec.views"}}})
    assert [error.message[:200] for name in DOCUMENT["channels"] for error in validator.iter_errors(asyncapi(name))] == []


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 20
    assert all(follow(reference) for reference in found)


def test_every_public_topic_is_a_channel_as_it_is_created() -> None:
    assert set(DOCUMENT["channels"]) == {*WIRE_TYPES, "dead-letters"}
    for name, channel in DOCUMENT["channels"].items():
        kafka = channel["bindings"]["kafka"]
        assert channel["address"] == kafka["topic"] == f"streamrec.{name}"
        assert kafka["partitions"] == (8 if TOPICS[name].keyed else 1)
        assert kafka["topicConfiguration"]["cleanup.policy"] == [TOPICS[name].cleanup]
        assert channel["description"]


def test_streamrec_receives_what_it_reads_and_sends_the_rest() -> None:
    actions = {operation["channel"]["$ref"].split("/")[-1]: operation["action"] for operation in DOCUMENT["operations"].values()}
    assert actions == {name: "receive" if name in INPUTS else "send" for name in (*WIRE_TYPES, "dead-letters")}


@pytest.mark.parametrize("name", INPUTS)
def test_each_input_may_come_as_json_or_as_framed_avro(name: str) -> None:
    messages = [follow(one["$ref"]) for one in DOCUMENT["channels"][name]["messages"].values()]
    assert [message["contentType"] for message in messages] == ["application/json", "application/vnd.apache.avro"]
    assert messages[1]["bindings"]["kafka"]["schemaIdPayloadEncoding"] == "confluent"


@given(st.sampled_from(INPUTS).flatmap(lambda name: st.tuples(st.just(name), VALID[name])))
def test_a_valid_event_validates_by_the_document(case: tuple[str, dict[str, Any]]) -> None:
    name, wire = case
    schema = {"$ref": f"#/components/schemas/{WIRE_TYPES[name].__name__}", "components": DOCUMENT["components"]}
    jsonschema.Draft7Validator(schema).validate(wire)
    assert not jsonschema.Draft7Validator(schema).is_valid({})


def test_tuples_are_said_as_draft_7_says_them() -> None:
    covers = DOCUMENT["components"]["schemas"]["Recommendation"]["properties"]["covers"]["items"]
    assert [place["title"] for place in covers["items"]] == ["topic", "partition", "offset"]
    assert "prefixItems" not in json.dumps(DOCUMENT)


def test_one_topic_alone_brings_only_what_it_needs() -> None:
    alone = asyncapi("dead-letters")
    assert list(alone["channels"]) == ["dead-letters"]
    assert alone["components"]["schemas"] == {}
    assert len(alone["components"]["messages"]["DeadLetter"]["headers"]["required"]) == 8
