"""Places that explore: the chances are those of Thompson sampling, what is drawn follows them, and what is good is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranked import Ranked
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.selectors.explore import CLICK, ENOUGH, EVEN, IMPRESSION, MONTH, chances, draw, lots
from streamrec.settings import Settings
from streamrec.state.decay import PurchaseTally
from streamrec.state.user import UserRow
from tests.catalogue.test_catalogue import stats
from tests.shop import DAY, NOW, catalogue, item, rule, settings

OLD, NEW = 20, 10


def shop_of(impressions: float = 1000.0) -> Catalogue:
    """Twenty items that sell and that everyone knows, and ten new ones."""
    made = catalogue(
        *(item(f"old{number:02}", created_ts=NOW - 90 * DAY) for number in range(OLD)),
        *(item(f"new{number:02}", created_ts=NOW - DAY - number) for number in range(NEW)),
    )
    for number in range(OLD):
        made.put_stats(f"old{number:02}", stats(5 + OLD - number))
        made.items.counts[number, [IMPRESSION, CLICK], MONTH] = impressions, 0.05 * impressions
    return made


def ranked(shop: Catalogue, *list_ids: str, **changes: Any) -> Ranked:
    asked = queries([UserRow() for _ in list_ids], [NOW] * len(list_ids), [None] * len(list_ids), shop, list_ids)
    return Ranker(shop, settings(**{"k": 5, "explore_slots": 1, **changes})).rank(asked)


def test_the_last_place_goes_to_a_little_known_item_and_only_it_has_a_propensity() -> None:
    shop = shop_of()
    result = ranked(shop, *(f"list-{number}" for number in range(50)))
    assert (result.slots[:, :4] < OLD).all()
    assert (result.slots[:, 4] >= OLD).all()
    assert len(set(result.slots[:, 4].tolist())) > 5
    assert np.isnan(result.propensity[:, :4]).all()
    assert ((result.propensity[:, 4] >= EVEN / NEW) & (result.propensity[:, 4] < 1)).all()


def test_an_item_of_which_nothing_is_known_gets_explored_places_and_no_others() -> None:
    shop = shop_of()
    shop.put_items([item("unknown")])
    slot, names = shop.items.slots["unknown"], [f"list-{number}" for number in range(400)]
    # Their tastes differ: each bought another of what sells.
    rows = [UserRow(bought={f"old{number % OLD:02}": PurchaseTally(NOW - 9 * DAY, 1.0)}) for number in range(len(names))]
    ways = Settings(scoring="off", cross_pairs=0)
    for now in (NOW, NOW + 30 * DAY):
        result = Ranker(shop, ways).rank(queries(rows, [now] * len(rows), [None] * len(rows), shop, names))
        places = np.argwhere(result.slots == slot)
        assert len(places) > 0, "it never had its turn"
        assert set(places[:, 1].tolist()) == {ways.k - 1}
        assert np.isfinite(result.propensity[places[:, 0], places[:, 1]]).all()
    without = ways.model_copy(update={"explore_slots": 0})
    assert not (Ranker(shop, without).rank(queries(rows, [NOW] * len(rows), [None] * len(rows), shop, names)).slots == slot).any()


def test_a_list_made_again_is_the_same() -> None:
    shop, names = shop_of(), [f"list-{number}" for number in range(20)]
    together = ranked(shop, *names, explore_slots=2)
    for position, name in enumerate(names):
        alone = ranked(shop, name, explore_slots=2)
        assert together.slots[position].tolist() == alone.slots[0].tolist()
        assert together.propensity[position, 3:] == pytest.approx(alone.propensity[0, 3:])


def test_nothing_is_explored_without_feedback_without_a_list_id_or_when_all_is_known() -> None:
    best = [f"old{number:02}" for number in range(5)]
    for shop, changes in ((shop_of(0.0), {}), (shop_of(), {"explore_slots": 0})):
        assert [shop.items.ids[slot] for slot in ranked(shop, "a", **changes).slots[0]] == best
    known = shop_of()
    known.items.counts[:, IMPRESSION, MONTH] = ENOUGH
    assert [known.items.ids[slot] for slot in ranked(known, "a").slots[0]] == best


def test_explored_places_make_way_for_pins_and_name_no_item_twice() -> None:
    shop = shop_of()
    shop.rules.put(rule("p", "pin", "old19", position=5))
    result = ranked(shop, *(f"list-{number}" for number in range(20)), explore_slots=2)
    assert (result.slots[:, 4] == 19).all()
    assert (result.slots[:, 2:4] >= OLD).all()
    assert all(len(set(row)) == 5 for row in result.slots.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_chances_are_those_of_drawing_a_rate_for_each_arm_and_taking_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shop = shop_of()
    arms = np.arange(OLD, OLD + 6, dtype=np.int32)
    shop.items.counts[arms, IMPRESSION, MONTH] = shown = rng.integers(0, 50, 6)
    shop.items.counts[arms, CLICK, MONTH] = clicked = rng.integers(0, 1 + shown // 3)
    rate = (shop.items.counts[:, CLICK, MONTH].sum() + 1) / (shop.items.counts[:, IMPRESSION, MONTH].sum() + 20)
    drawn = rng.beta(10 * rate + clicked, 10 * (1 - rate) + shown - clicked, (200_000, 6))
    wins = np.bincount(drawn.argmax(axis=1), minlength=6) / len(drawn)
    found = chances(shop.items, np.append(arms, np.int32(-1))[None, :], np.zeros((1, 7)))[0]
    assert found == pytest.approx(np.append((1 - EVEN) * wins + EVEN / 6, 0.0), abs=0.01)


def test_the_users_score_sways_the_chances_and_clicks_outweigh_it() -> None:
    shop = shop_of()
    arms = np.array([[OLD, OLD + 1]], np.int32)
    liked = chances(shop.items, arms, np.array([[1.0, -1.0]]))[0]
    assert liked[0] > 0.7
    shop.items.counts[OLD + 1, [IMPRESSION, CLICK], MONTH] = 40, 20
    assert chances(shop.items, arms, np.array([[1.0, -1.0]]))[0, 1] > 0.8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 1, exclude_max=True))
def test_only_an_arm_with_a_chance_is_drawn(weights: list[float], lot: float) -> None:
    (arm,), (propensity,) = draw(np.array([weights]), np.array([lot]))
    if sum(weights) == 0:
        assert arm == -1
        assert np.isnan(propensity)
    else:
        assert weights[arm] > 0
        assert propensity == pytest.approx(weights[arm] / sum(weights))


def test_arms_are_drawn_as_often_as_their_propensities_say() -> None:
    count = 20_000
    lot = lots([f"list-{number}" for number in range(count)], 2)
    assert lot.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.01)
    chance = np.tile([0.5, 0.3, 0.15, 0.05], (count, 1))
    arm, propensity = draw(chance, lot[:, 0])
    frequency = np.bincount(arm, minlength=4) / count
    assert frequency == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.015)
    assert set(propensity.round(9)) == {0.5, 0.3, 0.15, 0.05}
    chance[np.arange(count), arm] = 0.0
    second, given_first = draw(chance, lot[:, 1])
    assert not (second == arm).any()
    assert given_first[(arm == 0) & (second == 1)] == pytest.approx(0.6)
    # Weighed by 1 / propensity every arm counts as often as it could have been drawn: the identity behind off-policy estimates.
    weighed = [(1.0 / given_first[second == each]).sum() / count for each in range(4)]
    assert weighed == pytest.approx([0.5, 0.7, 0.85, 0.95], abs=0.05)


def test_new_items_are_seen_and_a_good_one_among_them_is_found() -> None:
    rng, shop, good = np.random.default_rng(1), shop_of(), OLD + 7
    seen = np.zeros(OLD + NEW)
    for evening in range(12):
        result = ranked(shop, *(f"list-{evening}-{viewer}" for viewer in range(30)))
        for slot in result.slots[:, 4].tolist():
            seen[slot] += 1
            shop.items.counts[slot, IMPRESSION, MONTH] += 1
            shop.items.counts[slot, CLICK, MONTH] += rng.random() < (0.4 if slot == good else 0.04)
        if shop.items.counts[good, IMPRESSION, MONTH] >= ENOUGH:
            break
    assert (seen[OLD:] > 0).all()
    assert seen[good] >= ENOUGH
    assert seen[good] > 2 * np.delete(seen[OLD:], good - OLD).max()
