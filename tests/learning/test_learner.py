"""The learner's mathematics: gradients, weights per user, bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.learning.examples import Example
from streamrec.learning.instances import PLACE, Instances, capped, instances, reactions
from streamrec.learning.learner import Rates, bounded, gradients, learn, losses, user_means
from streamrec.ranking.features.schema import FEATURES, POSITION
from tests.learning.shoppers import Shoppers

WEIGHTS = {"click": 1.0, "purchase": 4.0, "hide": -2.0}
DICE = np.random.default_rng(3)


def example(actions: list[dict[str, int]], fresh: list[tuple[int, str]]) -> Example:
    made = Shoppers({"similarity": 1.0}, {}).example({})
    for item, done in zip(made.items, actions + [{}] * len(made.items), strict=False):
        item.actions = done
    made.fresh = fresh
    return made


def some(count: int = 7, sign: float = 1.0) -> Instances:
    there = np.arange(5) < DICE.integers(2, 6, count)[:, None]
    features = DICE.normal(size=(count, 5, PLACE + 1)) * there[:, :, None]
    users = np.array([f"u{number % 3}" for number in range(count)])
    return Instances(features, DICE.normal(size=(count, 5)), there, np.ones(count), np.full(count, sign), users, np.full(count, "click"))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gradients_are_the_slope_of_the_losses(sign: float) -> None:
    found, theta, step = some(sign=sign), DICE.normal(size=PLACE + 1), 1e-6
    slope = [(losses(found, theta + step * unit) - losses(found, theta - step * unit)) / (2 * step) for unit in np.eye(PLACE + 1)]
    assert gradients(found, theta) == pytest.approx(np.array(slope).T, abs=1e-6)


def test_the_loss_of_even_scores_is_the_logarithm_of_how_many_are_compared() -> None:
    found = some()
    even = replace(found, base=np.zeros_like(found.base))
    assert losses(even, np.zeros(PLACE + 1)) == pytest.approx(np.log(found.there.sum(axis=1)))


def test_a_reaction_is_compared_with_what_was_seen_and_left_alone() -> None:
    seen, clicked = {"impression": 1}, {"impression": 1, "click": 2}
    made = example([seen, clicked, {}, {"hide": 3}, seen], [(1, "click"), (3, "hide")])
    click, hide = reactions(made, WEIGHTS)
    scores = [item.base_score for item in made.items]
    assert click.base.tolist() == [scores[1], scores[0], scores[4]]
    assert hide.base.tolist() == [scores[3], scores[0], scores[4]]
    assert click.features[:, PLACE] == pytest.approx([1 / np.log2(3), 1.0, 1 / np.log2(6)])
    arrays = instances([click, hide], WEIGHTS)
    assert (arrays.weight.tolist(), arrays.sign.tolist()) == ([1.0, 2.0], [1.0, -1.0])
    assert arrays.actions.tolist() == ["click", "hide"]


def test_without_an_impression_nothing_is_negative_and_nothing_is_learned() -> None:
    assert reactions(example([{"click": 1}, {}, {}], [(0, "click")]), WEIGHTS) == []
    assert reactions(example([{"click": 1}, {"impression": 1}], [(0, "click")]), {"click": 0.0}) == []


def test_an_item_shown_by_a_rare_chance_weighs_more_within_bounds() -> None:
    made = example([{"click": 1}, {"impression": 1}], [(0, "click")])
    for propensity, weight in ((1.0, 1.0), (0.5, 2.0), (1e-9, 5.0)):
        made.items[0].propensity = propensity
        assert instances(reactions(made, WEIGHTS), WEIGHTS).weight.tolist() == [weight]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 100)), max_size=30), st.floats(0.5, 10))
def test_nobody_weighs_more_than_the_cap_and_who_is_below_it_keeps_all(votes: list[tuple[str, float]], cap: float) -> None:
    users, weight = np.array([user for user, _ in votes], dtype=np.str_), np.array([value for _, value in votes])
    held = capped(weight, users, cap)
    for user in set(users):
        mine = users == user
        assert held[mine].sum() == pytest.approx(min(cap, weight[mine].sum()))


def test_everyone_has_one_vote() -> None:
    assert sorted(user_means(np.array([1.0, 3.0, 10.0]), np.array(["a", "a", "b"]))) == [2.0, 10.0]


@given(st.integers(0, 10_000), st.floats(0.01, 1), st.floats(0.1, 3))
def test_a_version_moves_no_further_than_a_step_and_never_leaves_the_ball(seed: int, step: float, norm: float) -> None:
    dice = np.random.default_rng(seed)
    served = bounded(dice.normal(size=PLACE + 1), np.zeros(PLACE + 1), norm, norm)
    made = bounded(dice.normal(size=PLACE + 1) * 5, served, step, norm)
    assert np.linalg.norm(made[:PLACE] - served[:PLACE]) <= step + 1e-9
    assert np.linalg.norm(made[:PLACE]) <= norm + 1e-9


def test_learning_finds_the_taste_and_gives_the_place_its_due() -> None:
    shop = Shoppers({"similarity": 0.5}, {"similarity": 0.5, "price_gap": -1.0})
    made = [one for _ in range(3000) for one in reactions(shop.example({}), WEIGHTS)]
    theta = learn(instances(made, WEIGHTS), np.zeros(PLACE + 1), Rates(0.05, 0.0, 1e9), seed=1)
    assert theta[POSITION["price_gap"]] < -0.7
    others = [abs(theta[position]) for position, name in enumerate(FEATURES) if name not in ("price_gap", "similarity")]
    assert max(others) < 0.25
    assert theta[PLACE] > 0.2
    assert shop.ndcg({"price_gap": theta[POSITION["price_gap"]]}) > shop.ndcg({}) + 0.2


def test_decay_draws_back_to_nothing() -> None:
    found, theta = some(400), np.ones(PLACE + 1)
    flat = replace(found, features=np.zeros_like(found.features))
    assert np.abs(learn(flat, theta, Rates(0.1, 0.5, 5.0), seed=0)).max() < 0.6
