"""The benchmark of live rooms on a room of two items: what is scored is what the worker's code understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.understanding import rooms
from benchmarks.understanding.table import in_markdown, in_words
from streamrec.settings import Settings
from tests.evaluation.test_rooms import ITEMS, ROOM, SAID, comment, write


def labelled(folder: Path) -> rooms.Labelled:
    nothing = {"intents": ["other"], "sentiment": "neutral", "items": [], "ref": "none", "unwanted": [], "answer": None}
    price = {"item": "scarf", "field": "price", "text": "69元"}
    asks = nothing | {"intents": ["ask_price"], "items": ["scarf"], "ref": "position", "answer": price}
    this = nothing | {
        "intents": ["ask_price"],
        "items": ["boots"],
        "ref": "deictic",
        "answer": {"item": "boots", "field": "price", "text": "189"},
    }
    comments: list[dict[str, Any]] = [
        comment("a", 5, "一号多少钱") | {"lang": "zh", "labels": asks},
        comment("b", 50, "这个多少钱", "v") | {"lang": "zh", "labels": this},
    ]
    for name, rows in {"items": ITEMS, "rooms": [ROOM], "transcripts": SAID, "danmaku": comments}.items():
        write(folder, name, *rows)
    return rooms.Labelled.read(folder)


def test_a_price_asked_by_number_and_one_asked_of_what_is_on_air(tmp_path: Path) -> None:
    report = rooms.comments(Settings(), labelled(tmp_path))
    assert (report["comments"], report["items_f1"], report["lang_right"]) == (2, 1.0, 1.0)
    assert report["best_item_right"] == {"deictic": [1, 1], "position": [1, 1]}
    assert (report["answer_coverage"], report["answer_precision"]) == (1.0, 1.0)
    assert report["by_room"] == {"r": 1.0}
    assert report["on_air_given"]["items_f1"] == 1.0


def test_the_item_on_air_is_scored_by_segment_in_the_order_of_the_file(tmp_path: Path) -> None:
    report = rooms.speech(Settings(), labelled(tmp_path))
    assert (report["segments"], report["accuracy"], report["changes"], report["delay_p50"]) == (2, 1.0, 2, 0)
    write(tmp_path, "transcripts", *SAID[::-1])
    backwards = rooms.Labelled.read(tmp_path)
    assert rooms.understood(Settings(), backwards.recording)[1] == ["boots", "scarf"]


def test_every_attack_is_a_row_beside_the_comments_as_they_were_written(tmp_path: Path) -> None:
    found = rooms.attacked(Settings(), labelled(tmp_path))
    assert [row["attack"] for row in found] == ["none", *rooms.ATTACKS]
    assert all(row["comments"] == 2 for row in found)
    assert found[0]["items_f1"] == 1.0


def test_what_is_written_in_other_scripts_is_not_attacked(tmp_path: Path) -> None:
    plain = labelled(tmp_path)
    write(tmp_path, "danmaku", *({**row, "text": "how much"} for row in plain.labels))
    assert rooms.attacked(Settings(), rooms.Labelled.read(tmp_path)) == []


def test_a_room_too_small_to_be_timed_has_no_cost(tmp_path: Path) -> None:
    assert rooms.cost(Settings(), labelled(tmp_path)) == {"batch": 64, "batches": 0}


@pytest.fixture
def report(tmp_path: Path) -> list[dict[str, Any]]:
    made = labelled(tmp_path)
    scored, aired = {"rooms": "unseen"} | rooms.comments(Settings(), made), {"on_air": "unseen"} | rooms.speech(Settings(), made)
    others = [{"waves": "a.csv", "an_hour": 0.5}, {"reviews": "b.csv", "drawn": 3, "forced": 0.25}, {"left_out": "x", "needs": "--x"}]
    return [scored, aired, *others]


def test_tables_have_every_row_with_its_goal(report: list[dict[str, Any]]) -> None:
    table = in_markdown(report)
    assert "| items, F1 | ≥ 0.8 | 1 (1–1) |" in table
    assert "| segments with the right item on air | ≥ 0.9 | 1 |" in table
    assert "| best item right: position | | 1 of 1 |" in table
    assert "| waves of viewers, a.csv: false alarms an hour | ≤ 1 | 0.5 |" in table
    assert "| reviews, b.csv: praise told from complaint | | .250 |" in table
    assert all(in_words(row) for row in report)
