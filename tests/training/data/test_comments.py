"""Labelled comments are read whole, or the line that is wrong is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import InputError
from streamrec.training.data.comments import PARTS, Comments, packaged, read_gold, read_table
from streamrec.understanding.judge import LABELS


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), "utf-8")
    return path


def held(comments: Comments, row: int) -> set[str]:
    return {label for label, holds in zip(LABELS, comments.right[row], strict=True) if holds}


def test_a_table_gives_texts_with_their_labels_and_domains(tmp_path: Path) -> None:
    comments = read_table(
        written(tmp_path / "a.tsv", "多少钱\tzh\task_price\tneutral\tfood", "love it, 2 pls\ten\twant,praise\tpositive\tpets")
    )
    assert [normal.raw for normal in comments.normals] == ["多少钱", "love it, 2 pls"]
    assert comments.langs == ["zh", "en"]
    assert held(comments, 0) == {"ask_price", "neutral"}
    assert held(comments, 1) == {"want", "praise", "positive"}
    assert comments.domains.tolist() == ["food", "pets"]


def test_comments_that_fit_any_room_are_held_out_in_parts(tmp_path: Path) -> None:
    comments = read_table(written(tmp_path / "a.tsv", *[f"hi {number}\ten\tgreeting\tneutral\tgeneral" for number in range(2 * PARTS)]))
    assert len(set(comments.domains)) == PARTS


@pytest.mark.parametrize(
    ("line", "told"),
    [("hi\ten\tgreeting", "3 cells"), ("hi\ten\twave\tneutral\tfood", "wave"), ("hi\ten\tgreeting\tglad\tfood", "glad")],
)
def test_a_wrong_line_of_a_table_is_named(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InputError, match=rf"line 2: .*{told}"):
        read_table(written(tmp_path / "a.tsv", "hi\ten\tgreeting\tneutral\tfood", line))


def test_a_gold_set_has_its_rooms_as_domains(tmp_path: Path) -> None:
    row = {"text": "已拍", "room_id": "r1", "user": "u", "labels": {"intents": ["want"], "sentiment": "positive", "items": ["i1"]}}
    comments = read_gold(written(tmp_path / "gold.jsonl", json.dumps(row), ""))
    assert held(comments, 0) == {"want", "positive"}
    assert comments.domains.tolist() == ["gold/r1"]
    assert comments.langs == ["zh"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1 is no labelled comment"),
        ('{"text": "hi"}', "line 1 is no labelled comment"),
        ('{"text": "hi", "labels": {"intents": [], "sentiment": "neutral"}}', "line 1 has no intent"),
        ("", "has no labelled comment"),
    ],
)
def test_a_gold_set_that_is_none_says_how_to_make_one(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_gold(written(tmp_path / "gold.jsonl", line))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_gold(tmp_path / "none.jsonl")


def test_every_packaged_comment_has_an_intent_and_one_sentiment() -> None:
    comments = packaged()
    assert (comments.right[:, :12].sum(axis=1) >= 1).all()
    assert (comments.right[:, 12:].sum(axis=1) == 1).all()
    assert len(np.unique(comments.domains)) > 10
