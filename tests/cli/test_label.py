"""`streamrec label`: two keys a comment, kept at once; undone, gone on with, and compared."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

TEXTS = ["多少钱", "已拍 坐等", "love it", "哈哈"]


@pytest.fixture
def comments(tmp_path: Path) -> Path:
    path = tmp_path / "danmaku.jsonl"
    rows = [{"id": number, "room_id": "r1", "at_s": number, "text": text} for number, text in enumerate(TEXTS)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def press(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command with these keys on stdin."""

    def run(keys: str, *arguments: object) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(keys))
        return cli("label", *arguments)

    return run


def labels(path: Path) -> list[tuple[list[str], str]]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(row["labels"]["intents"], row["labels"]["sentiment"]) for row in rows]


def test_two_keys_label_a_comment_and_a_capital_letter_asks_for_one_more(press: Any, comments: Path, tmp_path: Path) -> None:
    done = press("p0\nWd+\nl+\no0\n", comments, "--json")
    assert (done.code, done.last["labelled"], done.last["left"]) == (0, 4, 0)
    gold = tmp_path / "danmaku.gold.jsonl"
    assert labels(gold) == [
        (["ask_price"], "neutral"),
        (["want", "ask_delivery"], "positive"),
        (["praise"], "positive"),
        (["other"], "neutral"),
    ]
    assert json.loads(gold.read_text("utf-8").splitlines()[1])["text"] == "已拍 坐等", "what was there stays"


def test_labelling_goes_on_where_it_was_left(press: Any, comments: Path, tmp_path: Path) -> None:
    assert press("p0w", comments, "--json").last == {"labelled": 1, "left": 3, "file": str(tmp_path / "danmaku.gold.jsonl")}
    done = press("w+", comments)
    assert "[2/4]" in done.err
    assert "[1/4]" not in done.err
    assert labels(tmp_path / "danmaku.gold.jsonl") == [(["ask_price"], "neutral"), (["want"], "positive")]


def test_undo_takes_back_the_last_comment_or_begins_this_one_anew(press: Any, comments: Path, tmp_path: Path) -> None:
    done = press("u" + "x0" + "u" + "p0" + "xuw+", comments)
    assert "there is nothing to take back" in done.err
    assert labels(tmp_path / "danmaku.gold.jsonl") == [(["ask_price"], "neutral"), (["want"], "positive")]


def test_a_key_that_is_none_is_told_and_changes_nothing(press: Any, comments: Path, tmp_path: Path) -> None:
    done = press("1p9+", comments)
    assert "1 is no intent" in done.err
    assert "9 is no sentiment" in done.err
    assert labels(tmp_path / "danmaku.gold.jsonl") == [(["ask_price"], "positive")]


def test_a_comment_is_shown_with_those_before_it_and_the_hosts_last_words(press: Any, comments: Path, tmp_path: Path) -> None:
    said = tmp_path / "said.jsonl"
    rows = [{"room_id": "r1", "at_s": 0, "text": "first words"}, {"room_id": "r1", "at_s": 3, "text": "later words"}]
    said.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = press("p0", comments, "--transcripts", said).err
    second = shown.partition("[2/4]")[2]
    assert "before: 多少钱" in second
    assert "host: first words" in second
    assert "later words" not in shown


def test_a_second_person_labels_into_a_file_of_their_own_and_both_are_compared(
    press: Any, cli: Cli, comments: Path, tmp_path: Path
) -> None:
    press("p0w+l+o0", comments)
    press("p0w+o+o0", comments, "--second")
    done = cli("label", "--agree", tmp_path / "danmaku.gold.jsonl", tmp_path / "danmaku.second.jsonl", "--json")
    found = done.last
    assert found["comments"] == 4
    assert [one["text"] for one in found["apart"]] == ["love it"]
    assert found["kappa"]["want"] == found["kappa"]["sentiment"] == 1.0
    assert found["kappa"]["other"] == 0.5
    assert found["kappa"]["spam"] is None
    shown = cli("label", "--agree", tmp_path / "danmaku.gold.jsonl", tmp_path / "danmaku.second.jsonl").out
    assert "first:  praise; positive" in shown


def test_labels_of_other_comments_are_not_gone_on_with(press: Any, comments: Path, tmp_path: Path) -> None:
    press("p0", comments)
    comments.write_text('{"text": "another"}\n')
    done = press("p0", comments)
    assert done.code == 1
    assert "does not begin with the comments of" in done.err


@pytest.mark.parametrize(("line", "told"), [("no json", "is no JSON"), ('{"room_id": "r1"}', "has no `text`"), ("[]", "has no `text`")])
def test_a_line_that_is_no_comment_is_named(press: Any, comments: Path, line: str, told: str) -> None:
    comments.write_text('{"text": "a"}\n' + line + "\n")
    done = press("", comments)
    assert done.code == 1
    assert f"line 2 {told}" in done.err


def test_without_a_file_the_command_says_what_it_needs(cli: Cli) -> None:
    done = cli("label")
    assert done.code == 2
    assert "--agree" in done.err
