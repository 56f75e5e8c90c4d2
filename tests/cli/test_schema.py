"""`streamrec schema`: no Kafka, no model."""

from __future__ import annotations

import json
from pathlib import Path

import fastavro
import jsonschema
import pytest

from streamrec.events.types import WIRE_TYPES
from tests.cli.conftest import Cli

SHIPPED = Path(__file__).parents[2] / "schemas"


def test_json_and_avro_are_printed_of_all_topics_or_of_one(cli: Cli) -> None:
    every = json.loads(cli("schema", "json").out)
    assert list(every) == list(WIRE_TYPES)
    assert json.loads(cli("schema", "json", "--topic", "views").out) == every["views"]
    jsonschema.Draft202012Validator.check_schema(every["views"])
    fastavro.parse_schema(json.loads(cli("schema", "avro", "--topic", "views").out))
    assert list(json.loads(cli("schema", "avro").out)) == list(WIRE_TYPES)


def test_asyncapi_is_printed_whole_or_of_one_topic(cli: Cli) -> None:
    assert cli("schema", "asyncapi").out == (SHIPPED / "asyncapi.json").read_text()
    assert list(json.loads(cli("schema", "asyncapi", "--topic", "rooms").out)["channels"]) == ["rooms"]


@pytest.mark.parametrize("form", ["asyncapi", "avro", "json"])
def test_the_check_passes_on_what_is_shipped_and_prints_nothing(cli: Cli, form: str) -> None:
    done = cli("schema", form, "--check", "--folder", SHIPPED)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_the_check_tells_the_difference_of_its_own_files(cli: Cli, tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.*"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "views.avsc").write_text((SHIPPED / "views.avsc").read_text().replace('"dwell_ms"', '"dwelt_ms"'))
    assert cli("schema", "json", "--check", "--folder", tmp_path).code == 0
    assert cli("schema", "avro", "--check", "--topic", "items", "--folder", tmp_path).code == 0
    done = cli("schema", "avro", "--check", "--folder", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "views.avsc is not as the wire types say" in done.err
    assert '-      "name": "dwelt_ms",' in done.err
    assert '+      "name": "dwell_ms",' in done.err


@pytest.mark.parametrize("arguments", [("--topic", "slides"), ("--check", "--folder", "nowhere")])
def test_what_does_not_exist_is_wrong_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli("schema", "json", *arguments)
    assert (done.code, done.out) == (2, "")
