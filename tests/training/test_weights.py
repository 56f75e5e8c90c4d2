"""Fitting the blend finds what decides, and leaves alone what the data say nothing of."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from streamrec.features.schema import FEATURES, POSITION
from streamrec.ranking import Ranker
from streamrec.replay import Replay, read_timeline
from streamrec.training.weights import RecordingRanker, Sample, collect, fit
from tests.shop import DAY, NOW, catalogue, item, settings


def test_the_feature_that_decides_gets_the_weight() -> None:
    dice = np.random.default_rng(1)
    samples = []
    for _ in range(200):
        features = np.zeros((20, len(FEATURES)))
        features[:, POSITION["covisits"]] = dice.normal(size=20)
        features[:, POSITION["similarity"]] = dice.normal(size=20)
        chances = np.exp(2.0 * features[:, POSITION["covisits"]])
        samples.append(Sample(features, np.arange(20) == dice.choice(20, p=chances / chances.sum())))
    weights = fit(samples, dict.fromkeys(FEATURES, 0.7))
    assert 1.5 < weights["covisits"] < 2.5
    assert abs(weights["similarity"]) < 0.3
    assert weights["mention"] == weights["shelf"] == 0.7


def test_a_sample_marks_the_items_of_the_order_among_the_candidates(tmp_path: Path) -> None:
    bought = [
        {"topic": "purchases", "user_id": user, "item_id": item_id, "ts": NOW + ts, "price": 1, "currency": "GBP", "order_id": order}
        for user, item_id, order, ts in [("a", "i0", "o1", 0), ("a", "i1", "o1", 0), ("b", "i2", "o2", 5), ("b", "i0", "o2", 5)]
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in bought))
    used, shop = settings(), catalogue(*(item(f"i{number}", created_ts=NOW - DAY) for number in range(4)))
    ranker = RecordingRanker(shop, used)
    first, second = collect(Replay(used, shop, ranker), ranker, read_timeline(file))
    assert isinstance(ranker, Ranker)
    assert first.ordered.tolist() == [True, True, False, False]
    assert second.ordered.tolist() == [True, False, True, False]
    assert second.features.shape == (4, len(FEATURES))
