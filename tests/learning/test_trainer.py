"""Guard rails: better on what is fresh, small steps, back when it does harm, and no power to a few."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from streamrec.learning.trainer import Judgement, Trainer, number_of
from streamrec.learning.weights import Head, LearnerState, Served, Weights
from tests.learning.shoppers import BASE, Shoppers
from tests.shop import NOW, settings

SHOP = {"popularity_7d": 0.5, "similarity": 0.4, "fatigue": -1.5}
CHEAP = {**SHOP, "price_gap": -1.0}
NEW = {**SHOP, "freshness": 1.5}
PER_BATCH = 80


class Run:
    """A trainer and the shoppers it learns from."""

    def __init__(self, taste: dict[str, float] = CHEAP, **changes: Any) -> None:
        self.settings = settings(**changes)
        self.shop = Shoppers(SHOP, taste)
        self.trainer = Trainer(self.settings, BASE)
        self.delta: dict[str, float] = {}
        self.offset = self.round = 0
        self.judged: list[Judgement] = []

    def take(self, count: int, **how: Any) -> None:
        for _ in range(count):
            self.trainer.take(self.shop.example(self.delta, **how), 0, self.offset)
            self.offset += 1

    def judge(self) -> Judgement | None:
        self.round += 1
        judgement = self.trainer.judge(NOW + self.round * 60_000, {0: self.offset})
        if judgement is not None:
            self.judged.append(judgement)
            if judgement.weights is not None:
                self.delta = judgement.weights.delta
        return judgement

    def batches(self, count: int) -> Run:
        for _ in range(count):
            self.take(PER_BATCH)
            assert self.judge() is not None
        return self

    def outcomes(self) -> list[str]:
        return [judgement.outcome for judgement in self.judged]


def test_lists_follow_the_taste_and_follow_again_when_it_changes() -> None:
    run = Run(CHEAP)
    before = run.shop.ndcg({})
    assert 1 - run.batches(15).shop.ndcg(run.delta) < (1 - before) / 2
    run.shop = Shoppers(SHOP, NEW, seed=1)
    changed = run.shop.ndcg(run.delta)
    assert 1 - run.batches(15).shop.ndcg(run.delta) < (1 - changed) / 2


def test_the_first_batch_only_teaches_and_nothing_is_served_that_was_not_better_on_fresh_reactions() -> None:
    run = Run().batches(12)
    assert run.outcomes()[0] == "refused"
    assert "published" in run.outcomes()
    for judgement in run.judged:
        better = judgement.metrics["loss_candidate"] < judgement.metrics["loss_served"]
        assert better == (judgement.outcome == "published")


def test_nothing_is_judged_by_few_reactions_few_users_or_too_soon() -> None:
    run = Run()
    run.take(run.settings.learn_reactions - 1)
    assert run.judge() is None
    alone = Run()
    alone.take(PER_BATCH, user=1)
    assert alone.judge() is None
    run.take(1)
    assert run.judge() is not None
    run.take(PER_BATCH)
    assert run.trainer.judge(NOW + run.round * 60_000 + 9_999, {}) is None


def test_every_version_is_a_small_step_from_the_last_and_has_a_name_of_its_own() -> None:
    run = Run(NEW, learn_max_step=0.1, learn_max_norm=0.4, learn_rate=1.0).batches(20)
    published = [judgement.weights for judgement in run.judged if judgement.weights is not None]
    assert len({weights.version for weights in published}) == len(published) > 4
    names = sorted({name for weights in published for name in weights.delta})
    steps = np.array([[weights.delta.get(name, 0.0) for name in names] for weights in published])
    assert np.linalg.norm(np.diff(steps, axis=0, prepend=0.0), axis=1).max() <= 0.1 + 1e-4
    assert np.linalg.norm(steps, axis=1).max() == pytest.approx(0.4, abs=1e-3)


def test_a_burst_from_a_few_users_cannot_wreck_the_ranking() -> None:
    run = Run(CHEAP).batches(12)
    before = run.shop.ndcg(run.delta)
    for _ in range(10):
        run.take(PER_BATCH)
        for thief in range(4):
            run.take(100, user=1000 + thief, taste={"price_gap": 6.0, "popularity_7d": -3.0})
        run.judge()
    assert run.trainer.counts["learned"] > 4000
    assert run.shop.ndcg(run.delta) > before - 0.05


def test_what_turns_out_worse_than_the_base_is_rolled_back_to_what_fits_the_newest_reactions() -> None:
    run = Run(NEW).batches(8)
    bad = {**run.delta, "popularity_7d": -2.0, "similarity": -2.0}
    good = run.trainer.served.version
    run.trainer.adopt(Weights("x+90", BASE, run.trainer.state().schema, bad, NOW, "operator", good))
    run.delta = bad
    run.batches(3)
    assert "rolled_back" in run.outcomes(), "a new feature with the first version as its `since` moves the dice (shoppers.drawn)"
    back = run.judged[run.outcomes().index("rolled_back")]
    assert back.weights is not None
    assert (back.weights.by, back.weights.version) == ("guard", f"{BASE}+91")
    assert back.metrics["loss_restored"] < back.metrics["loss_served"]
    assert run.shop.ndcg(back.weights.delta) > run.shop.ndcg(bad) + 0.2


def test_the_base_itself_is_restored_where_no_version_was_better() -> None:
    run = Run(SHOP)
    run.trainer.adopt(Weights("x+5", BASE, run.trainer.state().schema, {"popularity_7d": -2.9}, NOW, "operator", BASE))
    run.delta = {"popularity_7d": -2.9}
    (back,) = run.batches(1).judged
    assert back.weights is not None
    assert (back.outcome, back.weights.delta, back.weights.restores) == ("rolled_back", {}, BASE)


def test_examples_that_were_learned_from_are_passed_over_after_a_restart() -> None:
    run = Run()
    run.take(PER_BATCH)
    run.judge()
    state: LearnerState = msgspec.convert(msgspec.to_builtins(run.trainer.state()), LearnerState)
    second = Trainer(run.settings, BASE, state)
    shop = Shoppers(SHOP, CHEAP)
    for offset in range(PER_BATCH):
        second.take(shop.example({}), 0, offset)
    assert second.judge(NOW * 2, {0: PER_BATCH}) is None
    for offset in range(PER_BATCH, 2 * PER_BATCH):
        second.take(shop.example({}), 0, offset)
    run.take(PER_BATCH)
    mine, theirs = run.judge(), second.judge(NOW * 2, {0: 2 * PER_BATCH})
    assert mine is not None
    assert theirs is not None
    assert mine.metrics == theirs.metrics
    assert second.theta == pytest.approx(run.trainer.theta)


def test_features_of_another_schema_teach_nothing() -> None:
    run = Run()
    example = run.shop.example({})
    example.schema = "other"
    run.trainer.take(example, 0, 0)
    assert run.trainer.counts["other_schema"] == 1


@pytest.mark.parametrize(("version", "number"), [("2026/allow/off", 0), ("2026/allow/off+17", 17), ("a+b+3", 3), ("a+b", 0)])
def test_versions_carry_their_number(version: str, number: int) -> None:
    assert number_of(version) == number


WILD = [1e39, 1e308, 3.1, float("nan"), float("inf")]


@pytest.mark.parametrize("wild", WILD)
def test_a_state_that_is_not_sound_is_not_gone_on_from(wild: float, caplog: pytest.LogCaptureFixture) -> None:
    state = Run().batches(3).trainer.state()
    for spoilt in (
        msgspec.structs.replace(state, theta=[wild, *state.theta[1:]]),
        msgspec.structs.replace(state, served=Served("x+1", [wild, *state.served.theta[1:]])),
        msgspec.structs.replace(state, earlier=[Served("x+1", [wild, *state.theta[1:]])]),
        msgspec.structs.replace(state, theta=state.theta[:-1]),
    ):
        assert Trainer(settings(), BASE, spoilt).state().number == 0
    assert caplog.text.count("begins anew") == 4
    assert Trainer(settings(), BASE, state).state().number == state.number


@pytest.mark.parametrize("wild", [value for value in WILD if value != 3.1])
def test_a_head_that_is_not_sound_spoils_the_state(wild: float) -> None:
    state = Run().batches(3).trainer.state()
    for head in (Head([wild, *state.theta[1:]], 1.0), Head(state.theta, wild if wild != 1e39 else float("inf"))):
        assert Trainer(settings(), BASE, msgspec.structs.replace(state, heads={"click": head})).state().number == 0


@pytest.mark.parametrize("wild", WILD)
def test_weights_of_an_operator_that_are_not_sound_are_passed_over(wild: float) -> None:
    run = Run()
    run.trainer.adopt(Weights("x+5", BASE, run.trainer.state().schema, {"popularity_7d": wild}, NOW, "operator"))
    assert run.trainer.served.version == BASE


@pytest.mark.parametrize("wild", [1e39, 101.0, float("nan"), float("-inf")])
def test_examples_that_no_worker_could_have_written_teach_nothing(wild: float) -> None:
    run = Run()
    for field, value in (("features", None), ("base_score", wild * 1e6), ("propensity", wild)):
        example = run.shop.example({})
        place = example.items[3]
        setattr(place, field, [wild, *place.features[1:]] if value is None else value)
        run.trainer.take(example, 0, 0)
    short = run.shop.example({})
    short.items[2].features.pop()
    far = run.shop.example({})
    far.fresh = [(99, "click")]
    for example in (short, far):
        run.trainer.take(example, 0, 0)
    assert run.trainer.counts["unsound"] == 5
    run.batches(2)
    assert np.isfinite(run.trainer.theta).all()
