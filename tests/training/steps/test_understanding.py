"""A judge is trained, measured on what it did not see, and written so that it can be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrec.errors import InputError
from streamrec.training.data.comments import Comments
from streamrec.training.steps.judge_card import card
from streamrec.training.steps.judged import figures, held_out, in_words
from streamrec.training.steps.understanding import FOLDS, OWN, Material, Trained, folds_of, train, write
from streamrec.understanding.judge import INTENTS, LABELS, Judge
from streamrec.understanding.normalise import normalise

DOMAINS = ("cup", "hat", "toy", "pan", "pen", "bag")


class Lengths:
    """An encoder that knows how long a text is."""

    text = "lengths"

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[len(text), 1.0] for text in texts], np.float32)


def of(*domains: str) -> Comments:
    """Four kinds of comments on the item of each domain."""
    return Comments.of(
        [
            row
            for item in domains
            for row in (
                (f"how much is the {item}", "en", ["ask_price"], "neutral", item),
                (f"just ordered the {item}", "en", ["want"], "positive", item),
                (f"this {item} is awful, it broke", "en", ["complaint"], "negative", item),
                (f"hello from the {item} lovers", "en", ["greeting"], "neutral", item),
            )
        ]
    )


@pytest.fixture(scope="module")
def what() -> Material:
    return Material.of(of(*DOMAINS), [of("own")])


@pytest.fixture(scope="module")
def trained(what: Material) -> Trained:
    return train(what, 7, Lengths())


def test_what_every_domain_says_is_known_of_one_that_was_not_seen(trained: Trained, what: Material) -> None:
    report = held_out(trained, what)
    assert report["parts"]["linear"]["sentiment"] > 0.9
    assert report["parts"]["linear"]["f1"]["ask_price"] > 0.9
    assert set(report["parts"]) == {"linear", "encoder", "both"}
    assert set(report["domains"]) == {*DOMAINS, "own"}
    assert report["own"]["comments"] == 4


def test_comments_of_ones_own_weigh_more(what: Material) -> None:
    assert what.weights.tolist() == [1.0] * 24 + [OWN] * 4


def test_domains_are_held_out_whole() -> None:
    domains = np.array([name for place, name in enumerate(DOMAINS) for _ in range(place + 1)])
    folds = folds_of(domains)
    assert set(folds) == set(range(FOLDS))
    assert all(len(set(folds[domains == name])) == 1 for name in DOMAINS)
    with pytest.raises(InputError, match="domains or rooms"):
        folds_of(domains[:3])


def test_a_judge_that_was_written_judges_as_before(trained: Trained, what: Material, tmp_path: Path) -> None:
    write(trained, tmp_path / "judge", card(held_out(trained, what), 7))
    texts, langs = [normalise("how much is the boat"), normalise("just ordered the boat")], ["en", "en"]
    loaded = Judge.load(tmp_path / "judge", Lengths())
    assert np.allclose(loaded.logits(texts, langs), trained.judge.logits(texts, langs), atol=1e-4)
    assert [one.chosen[0] for one in loaded.judge(texts, langs)] == ["ask_price", "want"]


def test_without_its_encoder_a_judge_judges_by_the_linear_model_alone(trained: Trained, what: Material, tmp_path: Path) -> None:
    class Others(Lengths):
        text = "others"

    write(trained, tmp_path / "judge", "")
    texts, langs = [normalise("how much is the boat")], ["en"]
    alone = Judge.load(tmp_path / "judge").logits(texts, langs)
    assert np.array_equal(Judge.load(tmp_path / "judge", Others()).logits(texts, langs), alone)
    assert not np.allclose(Judge.load(tmp_path / "judge", Lengths()).logits(texts, langs), alone)


def test_card_and_report_have_a_line_for_every_label(trained: Trained, what: Material) -> None:
    report = held_out(trained, what)
    words, page = in_words(report), card(report, 7)
    for label in LABELS:
        assert f"\n{label} " in words
        assert f"\n| {label} |" in page
    assert "24 comments of `streamrec/training/data/room_comments`" in page


def test_f1_is_of_hits_misses_and_false_ones() -> None:
    right, given = np.zeros((3, len(LABELS)), np.float32), np.zeros((3, len(LABELS)), np.float32)
    right[:2, 0] = given[1:, 0] = 1
    found = figures(given, right)
    assert found["f1"]["ask_price"] == 0.5
    assert found["intents"] == round((0.5 + len(INTENTS) - 1) / len(INTENTS), 4)
