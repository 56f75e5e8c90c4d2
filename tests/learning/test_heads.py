"""Every action teaches a head of its own, and what is served weighs them by what they count and how much of it there was."""

from __future__ import annotations

import numpy as np
import pytest

from streamrec.learning.heads import KEPT, Bounds, Heads
from streamrec.learning.instances import PLACE, Instances
from streamrec.learning.learner import Rates, learn
from streamrec.ranking.features.schema import POSITION

RATES, BOUNDS = Rates(0.05, 0.0, 1000.0), Bounds(10.0, 10.0)
CHEAP, ALIKE = POSITION["price"], POSITION["similarity"]
ZERO = np.zeros(PLACE + 1)


def batch(feature: int, action: str, count: int = 64, weight: float = 1.0, sign: float = 1.0, users: int = 64) -> Instances:
    """Reactions to the item that stands out by one feature, among five."""
    features = np.zeros((count, 5, PLACE + 1))
    features[:, 0, feature] = 2.0
    names = np.array([f"u{number % users}" for number in range(count)])
    there = np.ones((count, 5), bool)
    return Instances(
        features, np.zeros((count, 5)), there, np.full(count, weight), np.full(count, sign), names, np.full(count, action, dtype="U16")
    )


def together(*batches: Instances) -> Instances:
    return Instances(*(np.concatenate([getattr(one, name) for one in batches]) for name in Instances.__slots__))


def test_of_one_action_alone_what_is_served_is_its_head() -> None:
    heads, clicks = Heads(RATES, BOUNDS, ZERO), batch(CHEAP, "click")
    heads.teach(clicks, ZERO, seed=1)
    assert heads.mean() == pytest.approx(learn(clicks, np.zeros(PLACE + 1), RATES, seed=1))
    assert heads.mean()[CHEAP] > 0


def test_clicks_and_purchases_each_teach_their_own_head() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    for seed in range(10):
        heads.teach(together(batch(CHEAP, "click"), batch(ALIKE, "purchase", weight=4.0)), ZERO, seed)
    state = heads.state()
    assert state.keys() == {"click", "purchase"}
    assert state["purchase"].evidence == pytest.approx(4 * state["click"].evidence)
    click, purchase = (np.array(state[action].theta) for action in ("click", "purchase"))
    assert click[CHEAP] > 10 * abs(click[ALIKE])
    assert purchase[ALIKE] > 10 * abs(purchase[CHEAP])
    assert heads.mean() == pytest.approx(0.2 * click + 0.8 * purchase)


def test_what_is_hidden_is_pushed_down() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    heads.teach(batch(CHEAP, "hide", sign=-1.0), ZERO, seed=0)
    assert heads.mean()[CHEAP] < 0


def test_a_new_head_begins_where_the_others_stand() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    for seed in range(5):
        heads.teach(batch(CHEAP, "click"), ZERO, seed)
    before = heads.mean()
    heads.teach(batch(ALIKE, "cart", count=1), ZERO, seed=5)
    assert heads.state()["cart"].theta[CHEAP] == pytest.approx(before[CHEAP])


def test_an_action_that_no_longer_happens_loses_its_say() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    heads.teach(batch(CHEAP, "click"), ZERO, seed=0)
    for seed in range(1, 31):
        heads.teach(batch(ALIKE, "purchase"), ZERO, seed)
    click, purchase = (heads.state()[action] for action in ("click", "purchase"))
    assert click.evidence == pytest.approx(64 * KEPT**30)
    assert heads.mean() == pytest.approx(np.array(purchase.theta), abs=0.01 * np.abs(purchase.theta).max())


def test_what_one_user_weighs_is_capped_over_all_actions_together() -> None:
    heads = Heads(Rates(0.05, 0.0, 5.0), BOUNDS, ZERO)
    flood = [batch(CHEAP, action, users=1) for action in ("click", "cart", "purchase")]
    heads.teach(together(*flood), ZERO, seed=0)
    assert sum(head.evidence for head in heads.state().values()) == pytest.approx(5.0)


def test_after_a_reset_all_heads_go_on_from_what_is_served() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    heads.teach(together(batch(CHEAP, "click"), batch(ALIKE, "purchase")), ZERO, seed=0)
    served = np.linspace(0, 1, PLACE + 1)
    heads.reset(served)
    assert heads.mean() == pytest.approx(served)


def test_the_first_head_begins_at_what_was_served_before_there_were_any() -> None:
    served = np.linspace(0, 1, PLACE + 1)
    heads = Heads(RATES, BOUNDS, ZERO)
    heads.reset(served)
    assert heads.mean() == pytest.approx(served)
    for one in (heads, Heads(RATES, BOUNDS, served)):
        clicks = batch(CHEAP, "click")
        assert one.teach(clicks, served, seed=1) == pytest.approx(learn(clicks, served, RATES, seed=1))


def test_a_state_is_gone_on_from() -> None:
    heads = Heads(RATES, BOUNDS, ZERO)
    heads.teach(together(batch(CHEAP, "click"), batch(ALIKE, "purchase")), ZERO, seed=0)
    again = Heads(RATES, BOUNDS, ZERO, heads.state())
    for one in (heads, again):
        one.teach(batch(ALIKE, "click"), ZERO, seed=1)
    assert again.mean() == pytest.approx(heads.mean())


def test_what_the_bounds_cut_off_is_forgotten() -> None:
    heads = Heads(RATES, Bounds(0.1, 10.0), ZERO)
    for seed in range(10):
        held = heads.teach(together(batch(CHEAP, "click"), batch(ALIKE, "purchase")), ZERO, seed)
        assert heads.mean() == pytest.approx(held)
        assert np.linalg.norm(held[:PLACE]) < 0.1 + 1e-9
    assert np.linalg.norm(held[:PLACE]) == pytest.approx(0.1), "so often taught they would be far away without bounds"
