"""The labelled rooms of benchmarks/rooms hold together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOMS = Path(__file__).parents[2] / "benchmarks" / "rooms"
QUESTIONS = {"ask_price", "ask_size", "ask_stock", "ask_delivery", "ask_quality"}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def on_air(comment: dict[str, Any]) -> str | None:
    told = [part for part in rows("transcripts") if part["room_id"] == comment["room_id"] and part["at_s"] <= comment["at_s"]]
    return told[-1]["item_id"] if told else None


def test_items_are_on_the_shelf_of_their_room() -> None:
    known = {item["item_id"] for item in rows("items")}
    shelves = {room["room_id"]: set(room["shelf"]) for room in rows("rooms")}
    assert set().union(*shelves.values()) == known
    for comment in rows("danmaku"):
        labels = comment["labels"]
        assert set(labels["items"]) | set(labels["unwanted"]) <= shelves[comment["room_id"]]
        assert not set(labels["items"]) & set(labels["unwanted"])
        assert (labels["ref"] == "none") == (not labels["items"] and not labels["unwanted"])
    for part in rows("transcripts"):
        assert part["item_id"] is None or part["item_id"] in shelves[part["room_id"]]
        assert all(fact in part["text"] for fact in part["facts"])


def test_ids_are_unique_and_times_ascend() -> None:
    comments = rows("danmaku")
    assert len({comment["id"] for comment in comments}) == len(comments)
    assert [comment["at_s"] for comment in comments] == sorted(comment["at_s"] for comment in comments)
    for room in rows("rooms"):
        times = [part["at_s"] for part in rows("transcripts") if part["room_id"] == room["room_id"]]
        assert times == sorted(set(times))


def test_what_is_pointed_at_is_on_air() -> None:
    for comment in rows("danmaku"):
        labels = comment["labels"]
        if labels["ref"] == "deictic":
            assert (labels["items"] + labels["unwanted"])[0] == on_air(comment), comment["id"]


def test_questions_and_only_they_have_an_answer_which_was_there_before() -> None:
    items = {item["item_id"]: item for item in rows("items")}
    told = rows("transcripts")
    for comment in rows("danmaku"):
        answer = comment["labels"]["answer"]
        assert bool(QUESTIONS & set(comment["labels"]["intents"])) == (answer is not None), comment["id"]
        if not answer or "field" not in answer:
            continue
        if answer["field"] == "host":
            here = [part for part in told if part["room_id"] == comment["room_id"] and part["at_s"] <= comment["at_s"]]
            assert any(part["item_id"] in (answer["item"], None) for part in here), comment["id"]
        else:
            item = items[answer["item"]]
            assert answer["field"] in item["attributes"] or item.get(answer["field"]) is not None, comment["id"]
