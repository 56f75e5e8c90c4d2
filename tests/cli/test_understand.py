"""`streamrec understand`, from files to a file."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from streamrec.cli.main import app
from tests.evaluation.test_rooms import ITEMS, ROOM, SAID, comment, write


def words(folder: Path, *comments: dict[str, object]) -> list[str]:
    files = {
        "items": write(folder, "items", *ITEMS),
        "rooms": write(folder, "rooms", ROOM),
        "transcripts": write(folder, "said", *SAID),
        "danmaku": write(folder, "danmaku", *comments),
        "out": folder / "out.jsonl",
    }
    return ["understand", *(word for name, path in files.items() for word in (f"--{name}", str(path)))]


def test_a_prediction_is_written_for_each_comment(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*words(tmp_path, comment("a", 20, "这个多少钱"), comment("b", 50, "哈哈哈哈")), "--json"])
    assert result.exit_code == 0, result.output
    made = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in made] == ["a", "b"]
    assert set(made[0]) == {"id", "lang", "intents", "sentiment", "items", "unwanted", "answer", "on_air"}
    assert made[0]["items"][0][0] == made[0]["on_air"] == "scarf"
    summary = json.loads(result.stdout)
    assert (summary["comments"], summary["segments"], summary["rooms"]) == (2, 2, 1)


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, words(tmp_path, comment("a", 20, "")))
    assert result.exit_code == 1
    assert "danmaku.jsonl: line 1" in str(result.exception)
