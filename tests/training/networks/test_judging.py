"""Weights, heads, calibration and thresholds of a judge learn what can be learned, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from streamrec.training.networks.chances import calibrate, threshold
from streamrec.training.networks.probe import fit_head
from streamrec.training.networks.table import Recipe, fit
from streamrec.understanding.judge import INTENTS, LABELS, probabilities
from streamrec.understanding.normalise import normalise
from streamrec.understanding.traits import Traits, traits

BUCKETS, MOODS = 1 << 12, 3


def of(texts: list[str]) -> Traits:
    return traits([normalise(text) for text in texts], ["en"] * len(texts), BUCKETS)


def test_a_table_learns_labels_that_may_hold_together_and_moods_that_may_not() -> None:
    texts = ["red", "blue", "red blue", "none"] * 5
    right = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 1, 0, 0, 1], [0, 0, 0, 0, 1]] * 5, np.float32)
    linear = fit(of(texts), right, np.ones(20, np.float32), BUCKETS, MOODS, Recipe(passes=40), np.random.default_rng(1))
    logits = linear.logits(of(texts[:4]))
    assert np.array_equal(logits[:, :2] > 0, right[:4, :2] == 1)
    assert np.array_equal(logits[:, 2:].argmax(axis=1), right[:4, 2:].argmax(axis=1))


def test_a_table_is_the_same_for_a_seed() -> None:
    texts, right = ["red", "blue"], np.array([[1, 0, 1, 0, 0], [0, 1, 0, 1, 0]], np.float32)
    tables = [fit(of(texts), right, np.ones(2, np.float32), BUCKETS, MOODS, Recipe(), np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(tables[0].weights, tables[1].weights)


def test_a_text_of_no_weight_teaches_nothing() -> None:
    right = np.array([[1, 0, 1, 0, 0], [0, 1, 0, 1, 0]], np.float32)
    both = fit(of(["red", "blue"]), right, np.array([1, 0], np.float32), BUCKETS, MOODS, Recipe(decay=0), np.random.default_rng(3))
    one = fit(of(["red"]), right[:1], np.ones(1, np.float32), BUCKETS, MOODS, Recipe(decay=0), np.random.default_rng(3))
    assert np.allclose(both.logits(of(["blue", "red"])), one.logits(of(["blue", "red"])), atol=1e-4)


def test_a_head_learns_a_map_of_vectors() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    right = np.zeros((200, len(LABELS)), np.float32)
    right[:, 0] = vectors[:, 0] > 0
    right[:, len(INTENTS) + (vectors[:, 1] > 0).astype(int)] = 1
    right[np.arange(200), len(INTENTS) + (vectors[:, 1] > 0).astype(int)] = 1
    right[np.arange(200), len(INTENTS) + (vectors[:, 1] <= 0).astype(int)] = 0
    found = fit_head(vectors, right, np.ones(200, np.float32)).logits(vectors)
    assert ((found[:, 0] > 0) == (right[:, 0] == 1)).mean() > 0.95
    assert (found[:, len(INTENTS) :].argmax(axis=1) == right[:, len(INTENTS) :].argmax(axis=1)).mean() > 0.95


def test_calibrated_probabilities_are_right_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=(4000, len(LABELS)))
    chances, moods = probabilities(true.astype(np.float32))
    right = np.zeros_like(true, dtype=np.float32)
    right[:, : len(INTENTS)] = rng.random(chances.shape) < chances
    right[np.arange(4000), len(INTENTS) + np.array([rng.choice(3, p=row / row.sum()) for row in moods.astype(float)])] = 1
    # Logits that are three times too sure and shifted.
    found = calibrate((3 * true + 1).astype(np.float32), right)
    assert np.allclose(found.slopes, 1 / 3, atol=0.06)
    assert np.allclose(found.shifts[: len(INTENTS)], -1 / 3, atol=0.15)


def test_a_threshold_gives_the_best_f1_beside_what_holds_anyway() -> None:
    chances, never = np.array([0.9, 0.62, 0.47, 0.42], np.float32), np.zeros(4, bool)
    assert threshold(chances, never, np.array([1, 1, 1, 0], np.float32)) == pytest.approx(0.45)
    assert threshold(chances, never, np.array([1, 0, 0, 0], np.float32)) == pytest.approx(0.65)
    assert threshold(chances, chances > 0.4, np.array([1, 0, 0, 0], np.float32)) == pytest.approx(0.5), "nothing is gained"
