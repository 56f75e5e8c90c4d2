"""Training the blend finds what decides, stays the same for the same seed, and writes what serves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamrec.catalogue.sketch import Sketch
from streamrec.errors import BlendMismatch, InputError
from streamrec.evaluation.replay import Replay, read_timeline
from streamrec.ranking.features.schema import FEATURES, POSITION
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import LIVE_WEIGHTS, Blend
from streamrec.settings import Settings
from streamrec.training.data import rolls
from streamrec.training.data.rolls import Orders, RecordingRanker, Sample, collect
from streamrec.training.steps.listwise import Lists, averaged, fit, ndcg
from streamrec.worker.blend_choice import BlendChoice
from tests.shop import DAY, NOW, catalogue, item, settings

WIDE = 400


def samples(count: int = 150) -> list[Sample]:
    """Lists in which co-visits decide, and price matters only for users with many items."""
    dice = np.random.default_rng(1)
    made = []
    for number in range(count):
        features = np.zeros((WIDE, len(FEATURES)), np.float32)
        for name in ("covisits", "similarity", "price"):
            features[:, POSITION[name]] = dice.normal(size=WIDE)
        features[:, POSITION["user_items"]] = many = number % 2
        appeal = 2.0 * features[:, POSITION["covisits"]] + 2.0 * (1 if many else -1) * features[:, POSITION["price"]]
        chances = np.exp(appeal - appeal.max())
        ordered = np.isin(np.arange(WIDE), dice.choice(WIDE, 3, replace=False, p=chances / chances.sum()))
        made.append(Sample(number, features, ordered, 3))
    return made


def test_sampled_negatives_stand_for_those_left_out() -> None:
    """Without the weights of 1/q the hard negatives would make what the former blend likes look bad."""
    made = samples()
    for sample in made:
        sample.features[:, POSITION["user_items"]] = 0
    blend = fit(Lists.thin(made, Blend.plain(), np.random.default_rng(0)), 200, 0, units=0)
    assert 1.4 < blend.weights["covisits"] < 2.3
    assert abs(blend.weights["similarity"]) < 0.2
    assert {name: blend.weights[name] for name in LIVE_WEIGHTS} == LIVE_WEIGHTS


def test_the_network_learns_what_depends_on_the_user_and_a_linear_blend_cannot() -> None:
    made = samples(300)
    lists = Lists.thin(made[:200], Blend.plain(), np.random.default_rng(0))
    linear, network = fit(lists, 20, 0, units=0), averaged([fit(lists, 20, seed) for seed in (0, 1)], "v1")
    assert ndcg(made[200:], network).mean() > 1.2 * ndcg(made[200:], linear).mean()


def test_the_same_seed_gives_the_same_blend_and_another_seed_another() -> None:
    lists = Lists.thin(samples(20), Blend.plain(), np.random.default_rng(0))
    one, same, other = fit(lists, 2, 0), fit(lists, 2, 0), fit(lists, 2, 1)
    assert one.weights == same.weights != other.weights


def test_the_mean_of_blends_scores_the_mean_of_their_scores() -> None:
    made = samples(20)
    lists = Lists.thin(made, Blend.plain(), np.random.default_rng(0))
    blends = [fit(lists, 2, seed) for seed in (0, 1, 2)]
    found = made[0].features[None]
    expected = np.mean([blend.score(found) for blend in blends], axis=0)
    assert averaged(blends, "mean").score(found) == pytest.approx(expected, abs=1e-4)


def test_what_was_no_candidate_counts_as_missed() -> None:
    sample = Sample(0, np.zeros((2, len(FEATURES)), np.float32), np.array([True, False]), 2)
    assert ndcg([sample], Blend.plain())[0] == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_a_sample_marks_the_items_of_the_order_among_the_candidates(tmp_path: Path) -> None:
    bought = [
        {"topic": "purchases", "user_id": user, "item_id": item_id, "ts": NOW + ts, "price": 1, "currency": "GBP", "order_id": order}
        for user, item_id, order, ts in [("a", "i0", "o1", 0), ("a", "i1", "o1", 0), ("b", "i2", "o2", 5), ("b", "i0", "o2", 5)]
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in bought))
    used, shop = settings(), catalogue(*(item(f"i{number}", created_ts=NOW - DAY) for number in range(4)))
    ranker, lines = RecordingRanker(shop, used, {"allow": Blend.plain(), "exclude": Blend.plain()}), read_timeline(file)
    both = list(collect(Replay(used, shop, ranker), ranker, lines, Orders.read(lines)))
    first, second = (each["allow"] for _, each in both)
    assert isinstance(ranker, Ranker)
    assert first.ordered.tolist() == [True, True, False, False]
    assert second.ordered.tolist() == [True, False, True, False]
    assert second.features.shape == (4, len(FEATURES))
    assert (first.relevant, second.relevant) == (2, 2)


def test_what_the_user_owns_is_right_only_where_repeats_are_allowed(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    orders = [("i0", "o1", 0), ("i0", "o2", DAY), ("i1", "o2", DAY)]
    fields = {"topic": "purchases", "user_id": "a", "price": 1, "currency": "GBP"}
    lines_of = [json.dumps(fields | {"item_id": name, "ts": NOW + ts, "order_id": order}) + "\n" for name, order, ts in orders]
    file.write_text("".join(lines_of))
    used, shop = settings(), catalogue(*(item(f"i{number}", created_ts=NOW - DAY) for number in range(3)))
    ranker, lines = RecordingRanker(shop, used, {"allow": Blend.plain(), "exclude": Blend.plain()}), read_timeline(file)
    *_, (_, last) = collect(Replay(used, shop, ranker), ranker, lines, Orders.read(lines))
    assert (last["allow"].relevant, last["exclude"].relevant) == (2, 1)
    assert (last["allow"].ordered.tolist(), last["exclude"].ordered.tolist()) == ([True, True, False], [True, False])


def test_training_starts_from_what_a_worker_would_rank_by_and_from_the_plain_blend_where_that_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained, used = replace(Blend.plain(), version="trained"), settings()
    monkeypatch.setattr(rolls, "own_choice", lambda chosen: BlendChoice(chosen, trained, Sketch.of([f"own-{n}" for n in range(9)])))
    assert rolls.former_blend(used, "allow", ["own-1"]).version == "trained"
    assert rolls.former_blend(used, "allow", [f"other-{n}" for n in range(9)]).version == "plain"

    def refuse(chosen: Settings) -> BlendChoice:
        raise BlendMismatch("of older features")

    monkeypatch.setattr(rolls, "own_choice", refuse)
    assert rolls.former_blend(used, "exclude", ["own-1"]) == Blend.plain()


@pytest.mark.train
def test_the_file_scores_like_the_blend_that_was_written_and_one_for_other_features_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    import onnx
    import onnxruntime

    from streamrec.bert.blends import read_blend
    from streamrec.training.steps.blend import train_blend, write_blend

    made = samples(60)
    trained = train_blend(made, Blend.plain(), seeds=(1, 2))
    path = tmp_path / "blend.onnx"
    sketch = Sketch.of(["mug", "lamp"])
    write_blend(trained.blend, path, "v1", "allow", "bert", {"epochs": trained.epochs}, sketch, "model")
    read, card = read_blend(path)
    found = np.stack([made[0].features, made[1].features])
    (scores,) = onnxruntime.InferenceSession(str(path)).run(["scores"], {"features": found})
    assert scores == pytest.approx(trained.blend.score(found), abs=1e-4)
    assert read.score(found) == pytest.approx(trained.blend.score(found), abs=1e-6)
    assert (read.version, card.trained["epochs"]) == ("v1", trained.epochs)
    assert (card.catalogue, card.text) == (sketch, "model")
    assert set(trained.validation) == {"former", "linear", "network"}
    model = onnx.load(path)
    model.metadata_props[0].value = model.metadata_props[0].value.replace('"covisits"', '"covisits_of_old"')
    onnx.save(model, path)
    with pytest.raises(BlendMismatch, match="different: covisits_of_old"):
        read_blend(path)
    with pytest.raises(InputError, match="too few"):
        train_blend(made[:1], Blend.plain(), seeds=(1,))
