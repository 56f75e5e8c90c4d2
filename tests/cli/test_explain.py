"""`streamrec explain` and `streamrec rules`, as far as they go without Kafka."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrec.cli.main import app
from streamrec.errors import InputError, ListNotFound
from tests.shop import DAY, NOW, item

ITEM_FIELDS = ("item_id", "title", "price", "currency")


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def written(path: Path, *lines: Any) -> str:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


@pytest.fixture
def replayed(tmp_path: Path) -> tuple[str, str]:
    """A file of items, and one of the lists that a replay with rules made of them."""
    shop = [item(f"i{number}", f"RED MUG {number}") for number in range(2)] + [item("i2", "\x1b[2JRED MUG 2")]
    items = written(tmp_path / "items.jsonl", *({name: getattr(each, name) for name in ITEM_FIELDS} for each in shop))
    event = {"topic": "purchases", "user_id": "u", "item_id": "i1", "price": 1, "currency": "GBP"}
    events = written(tmp_path / "events.jsonl", event | {"ts": NOW}, event | {"ts": NOW + DAY})
    rule = {"rule_id": "more-mugs", "action": "boost", "target": "item", "target_id": "i2", "factor": 3}
    rules = written(tmp_path / "rules.jsonl", rule)
    lists = str(tmp_path / "lists.jsonl")
    made = run("replay", "--items", items, "--events", events, "--rules", rules, "--out", lists, "--scoring", "off")
    assert made.exit_code == 0, made.output
    return items, lists


def test_a_replayed_list_is_explained_with_titles_reasons_rules_and_the_part_of_each_feature(replayed: tuple[str, str]) -> None:
    items, lists = replayed
    told = run("explain", "purchases-0-1", "--lists", lists, "--items", items)
    assert told.exit_code == 0, told.output
    assert "number 2 for u" in told.stdout
    assert "1. RED MUG 1 (i1)" in told.stdout
    assert "You bought it before." in told.stdout
    assert "The shop placed it here (rule more-mugs)." in told.stdout
    assert "+1.099  rule:more-mugs" in told.stdout
    assert "\N{REPLACEMENT CHARACTER}[2JRED MUG 2 (i2)" in told.stdout
    as_json = json.loads(run("explain", "purchases-0-1", "--lists", lists, "--items", items, "--lang", "zh", "--json").stdout)
    assert as_json["items"][0]["title"] == "RED MUG 1"
    assert "您以前买过它。" in as_json["items"][0]["why"]


def test_a_list_that_the_file_lacks_is_an_error(replayed: tuple[str, str]) -> None:
    assert isinstance(run("explain", "purchases-0-7", "--lists", replayed[1]).exception, ListNotFound)


def test_the_reasons_of_replayed_lists_are_checked_by_the_events(replayed: tuple[str, str], tmp_path: Path) -> None:
    items, lists = replayed
    events, rules = str(tmp_path / "events.jsonl"), str(tmp_path / "rules.jsonl")
    words = ("explain", "--check", "--items", items, "--events", events, "--rules", rules, "--scoring", "off", "--lists")
    told = run(*words, lists)
    assert told.exit_code == 0, told.output
    assert "2 lists, 6 places, 3 reasons, 0 of them false" in told.stdout
    assert " 0 of them false" in told.stdout
    made = [json.loads(line) for line in Path(lists).read_text().splitlines()]
    made[1]["items"][0] |= {"item_id": "i0", "reasons": ["looked_at", "bought_before"]}
    wrong = run(*words, written(tmp_path / "wrong.jsonl", *made), "--json", "--lang", "zh")
    assert wrong.exit_code == 1
    found = json.loads(wrong.stdout)["false"]
    assert [(each["list_id"], each["rank"], each["code"]) for each in found] == [
        ("purchases-0-1", 1, "looked_at"),
        ("purchases-0-1", 1, "bought_before"),
    ]
    assert found[0]["sentence"] == "您之前看过它。"
    assert found[0]["says"] == "the viewer looked at it 0 times"


def test_a_check_of_a_file_asks_for_what_the_lists_were_made_of(replayed: tuple[str, str]) -> None:
    assert "--events" in str(run("explain", "--check", "--lists", replayed[1]).exception)
    assert run("explain").exit_code == 2


@pytest.mark.parametrize(
    "line", ['{"list_id": "purchases-0-1", "user_id": 5}', '"purchases-0-1" and', '{"a": "purchases-0-1", "b": "\\ud800"}']
)
def test_a_line_that_is_no_list_is_named(tmp_path: Path, line: str) -> None:
    lists = tmp_path / "lists.jsonl"
    lists.write_text(f"\n{line}\n")
    found = run("explain", "purchases-0-1", "--lists", str(lists)).exception
    assert isinstance(found, InputError)
    assert f"{lists}: line 2: " in str(found)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("r", "block", "item", "a", "--for", "soon"), "no span of time"),
        (("r", "boost", "item", "a", "--factor", "0.5"), "$.factor"),
        (("r", "praise", "item", "a"), "praise"),
    ],
)
def test_a_rule_without_sense_is_wrong_usage(words: tuple[str, ...], complaint: str) -> None:
    result = run("rules", "put", *words)
    assert result.exit_code == 2
    assert complaint in result.output
