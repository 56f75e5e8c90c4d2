"""`streamrec points`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamrec.events.types import to_builtins
from tests.cli.conftest import Cli
from tests.understanding.answers.asking import KETTLE, LAMP


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(to_builtins(item)) + "\n" for item in (KETTLE, LAMP)), "utf-8")
    return path


def test_points_are_printed_with_their_sources(cli: Cli, shop: Path) -> None:
    done = cli("points", "--items", shop, "--item", "k1", "--user-interest", "保修几年", "--most", 2, "--json")
    assert done.code == 0
    assert done.last["points"][0] | {"score": 0} == {"text": "保修：两年", "field": "保修", "quote": "两年", "offset": 0, "score": 0}
    assert (done.last["by"], done.last["lang"], len(done.last["points"])) == ("template", "zh", 2)
    assert "warranty[0]: 1 year" in cli("points", "--items", shop, "--item", "l1", "--most", 9).out


def test_an_endpoint_that_is_away_is_said_and_costs_nothing_else(cli: Cli, shop: Path) -> None:
    done = cli("points", "--items", shop, "--item", "k1", "--endpoint", "http://127.0.0.1:9/v1", "--model", "any")
    assert done.code == 0
    assert "not taken from the model" in done.err


def test_an_unknown_item_and_half_an_endpoint_are_refused(cli: Cli, shop: Path) -> None:
    assert cli("points", "--items", shop, "--item", "nobody").code == 1
    assert cli("points", "--items", shop, "--item", "k1", "--endpoint", "http://127.0.0.1:9/v1").code == 2
    assert cli("points", "--items", shop, "--item", "k1", "--endpoint", "ftp://x", "--model", "any").code == 2
