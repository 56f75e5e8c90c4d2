"""`streamrec train understanding`: figures, a folder that loads, and sentences where that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrec.cli.train import app
from streamrec.errors import InputError
from streamrec.training.data import comments
from streamrec.understanding.judge import Judge

TABLE = "\n".join(
    f"{text} {item}\ten\t{intent}\t{mood}\t{item}"
    for item in ("cup", "hat", "toy", "pan", "pen")
    for text, intent, mood in (
        ("how much is the", "ask_price", "neutral"),
        ("ordered the", "want", "positive"),
        ("i hate the", "complaint", "negative"),
    )
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some comments in place of the packaged ones, which take a minute."""
    (tmp_path / "packaged").mkdir()
    (tmp_path / "packaged" / "a.tsv").write_text(TABLE + "\n", "utf-8")
    monkeypatch.setattr(comments, "PACKAGED", tmp_path / "packaged")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["understanding", *map(str, arguments)])


def gold(folder: Path) -> Path:
    row = {"text": "ordered two", "room_id": "r1", "labels": {"intents": ["want"], "sentiment": "positive"}}
    (folder / "gold.jsonl").write_text(json.dumps(row) + "\n")
    return folder / "gold.jsonl"


def test_a_folder_is_made_with_the_figures_of_what_was_held_out(tmp_path: Path) -> None:
    done = run("--comments", gold(tmp_path), "--out", tmp_path / "judge", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["own"]["comments"] == 1
    assert report["parts"]["linear"]["comments"] == 16
    assert Judge.load(tmp_path / "judge").name == "room"
    assert "1 comments of the owner's own rooms" in (tmp_path / "judge" / "README.md").read_text("utf-8")


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = run()
    assert done.exit_code == 0
    assert "nothing was written" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before


def test_a_seed_gives_the_same_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("--out", tmp_path / name)
    assert (tmp_path / "one" / "digests.json").read_bytes() == (tmp_path / "two" / "digests.json").read_bytes()


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "packaged")
    assert isinstance(done.exception, InputError)
    assert "is there already" in str(done.exception)
