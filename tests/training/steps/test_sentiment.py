"""A sentiment head learns what is said of good things and of bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

from streamrec.bert.tokens import Tokeniser
from streamrec.cli.train import app
from streamrec.errors import InputError
from streamrec.training.steps.sentiment import TEXT_TOKENS, judge, load_sentiment, read_reviews

pytestmark = pytest.mark.train


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    rows = ["label,review"]
    for number in range(300):
        good = bool(rng.random() < 0.5)
        filler = "".join(chr(0x4E00 + int(code)) for code in rng.integers(0, 90, 4))
        rows.append(f"{int(good)},{filler}{'喜欢' if good else '不好'}{number % 7}")
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_the_head_learns_and_judges_texts_that_it_has_not_seen(tiny: Path, reviews: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for step in ("vocabulary", "encoder"):
        (work / step).symlink_to(tiny / step)
    other = tmp_path / "other.json"
    other.write_text('{"sentence": "喜欢", "label": "Positive"}\n{"sentence": "不好", "label": "Negative"}\n', encoding="utf-8")
    options = ["--steps", "40", "--rate", "0.003", "--test", str(other)]
    result = CliRunner().invoke(app, ["sentiment", str(work), "--reviews", str(reviews), *options], catch_exceptions=False)
    measured = json.loads(result.stdout)
    assert measured["accuracy"] > 0.9
    assert measured["test_auc"] == 1.0
    ids = Tokeniser(work / "vocabulary" / "tokenizer.json")(["喜欢", "不好"], TEXT_TOKENS)
    assert judge(load_sentiment(work / "sentiment"), ids, np.array([True, False]))["accuracy"] == 1.0


def test_a_text_that_is_there_twice_is_never_on_both_sides(reviews: Path) -> None:
    both = read_reviews(reviews)
    doubled = type(both)(both.texts * 2, np.tile(both.good, 2))
    ours, held = doubled.split()
    assert not set(ours.texts) & set(held.texts)
    assert len(ours.texts) + len(held.texts) == 600
    assert len(held.texts) > 20


def test_a_file_without_reviews_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="label and review"):
        read_reviews(path)
    path.write_text("label,review\n5,fine\n")
    with pytest.raises(InputError, match="label 0 or 1"):
        read_reviews(path)
