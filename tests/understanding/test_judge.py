"""A judge is loaded from a folder that fits, and makes decisions of logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamrec.errors import DigestMismatch, ModelError, ModelMissing
from streamrec.system.digests import seal
from streamrec.understanding.judge import CONFIG, INTENTS, LABELS, SENTIMENTS, WEIGHTS, Judge, Judgement, decide
from streamrec.understanding.normalise import normalise
from streamrec.understanding.traits import VERSION
from tests.understanding.conftest import plain_config, write_folder

HALF = np.full(len(INTENTS), 0.5, np.float32)


def decided(**logits: float) -> Judgement:
    """The judgement of one text with these logits, and -3 for every other label."""
    row = np.array([[logits.get(label, -3.0) for label in LABELS]], np.float32)
    return decide(row, HALF)[0]


def test_intents_above_their_thresholds_hold_the_likeliest_first() -> None:
    assert decided(ask_price=1.0, want=2.0, neutral=1.0).chosen == ["want", "ask_price"]


def test_the_likeliest_intent_holds_whatever_its_threshold() -> None:
    assert decided(ask_price=-2.0, praise=-1.9).chosen == ["praise"]


def test_mood_follows_from_complaint_praise_and_wish() -> None:
    assert decided(want=2.0, neutral=5.0).mood == "positive"
    assert decided(praise=2.0, neutral=5.0).mood == "positive"
    assert decided(want=2.0, complaint=2.0, positive=1.0).mood == "negative"
    assert decided(other=2.0, neutral=1.0).mood == "neutral"
    assert decided(ask_quality=2.0, negative=1.0).mood == "negative"


def test_probabilities_of_sentiments_add_up_to_one_and_those_of_intents_stand_alone() -> None:
    judgement = decided(ask_price=0.0, want=0.0, positive=1.0)
    assert sum(judgement.sentiment.values()) == pytest.approx(1)
    assert judgement.intents["ask_price"] == judgement.intents["want"] == pytest.approx(0.5)
    assert tuple(judgement.intents) == INTENTS
    assert tuple(judgement.sentiment) == SENTIMENTS


def test_a_folder_without_a_file_says_which_and_what_to_do(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelMissing, match=rf"no {WEIGHTS}; .*streamrec train understanding"):
        Judge.load(folder)


def test_a_file_that_was_changed_is_refused(folder: Path) -> None:
    (folder / CONFIG).write_bytes((folder / CONFIG).read_bytes() + b"\n")
    with pytest.raises(DigestMismatch, match=rf"{CONFIG} .* is changed"):
        Judge.load(folder)


@pytest.mark.parametrize("change", [{"traits": VERSION + 1}, {"labels": ["want"]}])
def test_weights_of_other_traits_or_labels_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    folder = write_folder(tmp_path / "other", plain_config(**change))
    with pytest.raises(ModelError, match="another version"):
        Judge.load(folder)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"not for {len(LABELS)} labels"):
        Judge.load(write_folder(tmp_path / "other", labels=3))


def test_what_is_no_archive_of_weights_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"no weights")
    seal(folder)
    with pytest.raises(ModelError, match="cannot be read as weights"):
        Judge.load(folder)


def test_no_comments_are_no_judgements(folder: Path) -> None:
    assert Judge.load(folder).judge([], []) == []


def test_a_judgement_does_not_depend_on_the_comments_beside_it() -> None:
    judge = Judge.load()
    normals, langs = [normalise(text) for text in ("多少钱", "", "love it", "已拍 坐等")], ["zh", "und", "en", "zh"]
    together = judge.judge(normals, langs)
    alone = [judge.judge([normal], [lang])[0] for normal, lang in zip(normals, langs, strict=True)]
    assert [one.intents for one in together] == [pytest.approx(one.intents, abs=1e-5) for one in alone]


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("多少钱", "zh", "ask_price"),
        ("how much is it", "en", "ask_price"),
        ("还有货吗", "zh", "ask_stock"),
        ("什么时候发货", "zh", "ask_delivery"),
        ("已拍", "zh", "want"),
        ("加微信领福利", "zh", "spam"),
    ],
)
def test_the_shipped_judge_knows_what_everybody_knows(text: str, lang: str, intent: str) -> None:
    assert Judge.load().judge([normalise(text)], [lang])[0].chosen[0] == intent
