"""Recorded rooms, played: what is read from the files, and what the worker's code makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streamrec.errors import InputError
from streamrec.evaluation.room_files import FileComment, Recording, read_recording
from streamrec.evaluation.rooms import OnAirBy, Prediction, Rooms
from streamrec.settings import Settings

ITEMS: list[dict[str, Any]] = [
    {"item_id": "scarf", "title": "素里格子围巾女仿羊绒加厚披肩", "price": 69, "currency": "CNY", "attributes": {"颜色": "红黑格"}},
    {"item_id": "boots", "title": "北坡雪地靴女加绒加厚防滑短靴", "price": 189, "currency": "CNY", "attributes": {"尺码": "35-40"}},
]
ROOM = {"room_id": "r", "shelf": ["scarf", "boots"]}
SAID = [
    {"room_id": "r", "at_s": 10, "text": "来看一号链接 素里的格子围巾 仿羊绒的", "item_id": "scarf"},
    {"room_id": "r", "at_s": 40, "text": "下一款 二号链接 北坡的雪地靴 防滑的", "item_id": "boots"},
]


def comment(name: str, at_s: float, text: str, user: str = "u") -> dict[str, Any]:
    return {"id": name, "room_id": "r", "at_s": at_s, "user": user, "text": text}


def write(folder: Path, name: str, *rows: Any) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def recorded(folder: Path, *comments: Any, room: Any = ROOM, said: Any = SAID) -> Recording:
    items, rooms = write(folder, "items", *ITEMS), write(folder, "rooms", room)
    return read_recording(items, rooms, write(folder, "said", *said), write(folder, "danmaku", *comments))


def played(recording: Recording, by: OnAirBy = "speech") -> dict[str, Prediction]:
    return {made.id: made for made in Rooms(Settings(), recording, by).play()}


def test_what_the_host_says_at_a_second_comes_before_what_is_written_at_it(tmp_path: Path) -> None:
    recording = recorded(tmp_path, comment("late", 40, "x"), comment("early", 39, "x"))
    names = [row.id if isinstance(row, FileComment) else row.text[:2] for row in recording.timeline()]
    assert names == ["来看", "early", "下一", "late"]


def test_this_one_is_the_item_that_was_on_air_at_that_second(tmp_path: Path) -> None:
    times = {"none": 1, "one": 20, "two": 45}
    found = played(recorded(tmp_path, *(comment(name, at_s, "这个多少钱", name) for name, at_s in times.items())))
    assert [found[name].on_air for name in ("none", "one", "two")] == [None, "scarf", "boots"]
    assert not found["none"].items
    assert (found["one"].items[0][0], found["two"].items[0][0]) == ("scarf", "boots")


def test_a_room_that_says_what_is_on_air_wins_over_speech(tmp_path: Path) -> None:
    found = played(recorded(tmp_path, comment("a", 20, "这个多少钱"), room=ROOM | {"on_air": "boots"}))
    assert found["a"].on_air == "boots"


def test_the_transcripts_own_items_are_used_only_when_that_is_asked_for(tmp_path: Path) -> None:
    wrong = [SAID[0] | {"item_id": "boots"}]
    recording = recorded(tmp_path, comment("a", 20, "这个多少钱"), said=wrong)
    assert played(recording)["a"].on_air == "scarf"
    assert played(recording, "given")["a"].on_air == "boots"


def test_equal_questions_are_answered_each_time(tmp_path: Path) -> None:
    found = played(recorded(tmp_path, comment("a", 20, "一号多少钱"), comment("b", 21, "一号多少钱", "v")))
    for name in ("a", "b"):
        answer = found[name].answer
        assert answer is not None
        assert (answer.item, answer.field, answer.source) == ("scarf", "price", "catalogue")
        assert "69" in answer.text


def test_what_was_on_air_is_kept_for_every_segment(tmp_path: Path) -> None:
    player = Rooms(Settings(), recorded(tmp_path))
    assert list(player.play()) == []
    assert player.heard == ["scarf", "boots"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (comment("a", -1, "x"), "danmaku.jsonl: line 2: Expected `float` >= 0"),
        ({"id": "a", "room_id": "r", "at_s": 1, "user": "u"}, "danmaku.jsonl: line 2: Object missing required field `text`"),
        (comment("first", 1, "x"), "danmaku.jsonl: line 2: the id first was given to a comment before"),
        (comment("a", 1, "x") | {"room_id": "other"}, "danmaku.jsonl: line 2: .*rooms.jsonl has no room other"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(tmp_path: Path, row: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        recorded(tmp_path, comment("first", 0, "x"), row)
