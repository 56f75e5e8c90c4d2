"""The list as a whole: what operators say, what limits and caps do to it, and that nothing is lost on the way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.fields import EventTime
from streamrec.events.types import Feedback
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranked import Ranked
from streamrec.ranking.ranker import Ranker
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.catalogue.test_catalogue import stats
from tests.shop import DAY, NOW, WordModel, catalogue, impression, item, room, rule, settings, view


def shop_of(count: int = 12, model: WordModel | None = None) -> Catalogue:
    """i00 sells best, then i01 and so on; every third item is a toy, the others have no category."""
    made = catalogue(
        *(item(f"i{number:02}", f"mug {number % 4}", category=None if number % 3 else "toys") for number in range(count)), model=model
    )
    for number in range(count):
        made.put_stats(f"i{number:02}", stats(2 * count - number))
    return made


def ranked(shop: Catalogue, *rows: UserRow, rooms: list[str | None] | None = None, now: int = NOW, **changes: Any) -> Ranked:
    users = rows or (UserRow(),)
    return Ranker(shop, settings(**changes)).rank(queries(users, [now] * len(users), rooms or [None] * len(users), shop))


def listed(shop: Catalogue, row: UserRow | None = None, **changes: Any) -> list[str]:
    return [shop.items.ids[slot] for slot in ranked(shop, row or UserRow(), **changes).slots[0] if slot >= 0]


def test_a_blocked_item_category_or_host_is_in_no_list_until_the_rule_expires() -> None:
    shop = shop_of()
    shop.put_room(room("live", ["i00", "i01", "i03", "i04"], host_id="mei"))
    shop.put_room(room("other", ["i02", "i05"], host_id="lin"))
    shop.rules.put(rule("r1", "block", "i01", expires_ts=NOW + 1))
    assert listed(shop, k=5, candidates="live") == ["i00", "i02", "i03", "i04", "i05"]
    assert listed(shop, k=5, candidates="live", now=NOW + 1) == ["i00", "i01", "i02", "i03", "i04"]
    shop.rules.put(rule("r2", "block", "toys", target="category"))
    assert listed(shop, candidates="live") == ["i02", "i04", "i05"]
    shop.rules.put(rule("r3", "block", "mei", target="host"))
    assert listed(shop, candidates="live") == ["i02", "i05"]
    assert ranked(shop, candidates="live").removed["blocked"] == 4


def test_a_rule_acts_only_in_its_room_and_from_its_start_on() -> None:
    shop = shop_of()
    shop.put_room(room("r1", ["i00"]))
    shop.put_room(room("r2", ["i00"]))
    shop.rules.put(rule("r", "block", "i00", room_id="r2", starts_ts=NOW))
    result = ranked(shop, UserRow(), UserRow(), UserRow(), rooms=["r1", "r2", None], candidates="all")
    blocked = shop.items.slots["i00"]
    assert [blocked in row for row in result.slots.tolist()] == [True, False, True]
    assert blocked in ranked(shop, rooms=["r2"], now=NOW - 1, candidates="all").slots[0]


def test_a_pinned_item_has_its_place_and_the_list_says_by_which_rule() -> None:
    shop = shop_of()
    shop.rules.put(rule("pin-last", "pin", "i11", position=3))
    result = ranked(shop, k=5)
    assert [shop.items.ids[slot] for slot in result.slots[0]] == ["i00", "i01", "i11", "i02", "i03"]
    assert np.nan_to_num(result.rules["pin-last"][0], nan=-1.0).tolist() == [-1, -1, 0, -1, -1]


def test_pins_of_one_place_stand_behind_each_other_in_the_order_of_their_ids() -> None:
    shop = shop_of()
    shop.rules.put(rule("b", "pin", "i08", position=1))
    shop.rules.put(rule("a", "pin", "i09", position=1))
    shop.rules.put(rule("c", "pin", "toys", target="category", position=99))
    assert listed(shop, k=5) == ["i09", "i08", "i01", "i02", "i00"]


@pytest.mark.parametrize("gone", [{"stock": 0}, {"available": False}])
def test_a_pinned_item_that_is_sold_out_is_not_shown(gone: dict[str, Any]) -> None:
    shop = shop_of()
    shop.rules.put(rule("p", "pin", "i11", position=1))
    shop.put_items([item("i11", **gone)])
    assert listed(shop, k=3) == ["i00", "i01", "i02"]


def test_a_pinned_item_that_the_user_hid_or_that_is_blocked_is_not_shown() -> None:
    shop, row = shop_of(), UserRow()
    shop.rules.put(rule("p", "pin", "i11", position=1))
    apply(row, Feedback(user_id="u", list_id="l", item_id="i11", action="hide", ts=EventTime(NOW)))
    assert listed(shop, row, k=3) == ["i00", "i01", "i02"]
    shop.rules.put(rule("b", "block", "i11"))
    assert listed(shop, k=3) == ["i00", "i01", "i02"]


def test_pins_and_boosts_bring_items_that_no_source_proposed() -> None:
    shop = shop_of(3)
    shop.put_items([item("new"), item("newer")])
    shop.rules.put(rule("b", "boost", "new", factor=1e6))
    shop.rules.put(rule("p", "pin", "newer", position=2))
    assert listed(shop, k=3) == ["new", "newer", "i00"]


def test_a_boost_multiplies_the_odds_and_a_bury_divides_them() -> None:
    shop = shop_of()
    before = dict(zip(listed(shop, k=12), ranked(shop, k=12).scores[0], strict=True))
    shop.rules.put(rule("up", "boost", "i11", factor=50))
    shop.rules.put(rule("down", "bury", "toys", target="category", factor=7))
    result = ranked(shop, k=12)
    after = dict(zip(listed(shop, k=12), result.scores[0], strict=True))
    for item_id, score in before.items():
        added = math.log(50) * (item_id == "i11") - math.log(7) * (int(item_id[1:]) % 3 == 0)
        assert after[item_id] == pytest.approx(score + added)
    moved = np.nansum([added[0] for added in result.rules.values()], axis=0)
    assert result.contributions[0].sum(axis=1) + moved == pytest.approx(result.scores[0], abs=1e-5)


def test_no_more_of_a_category_or_a_host_than_the_settings_say() -> None:
    shop = shop_of()
    assert listed(shop, k=6, max_per_category=1) == ["i00", "i01", "i02", "i04", "i05", "i07"]
    shop.put_room(room("a", [f"i{number:02}" for number in range(6)], host_id="mei"))
    shop.put_room(room("b", [f"i{number:02}" for number in range(4, 12)], host_id="lin"))
    assert listed(shop, k=4, max_per_host=2, candidates="live") == ["i00", "i01", "i06", "i07"]
    # In room b its shelf is the host's own, also where room a has the item, too.
    inside = ranked(shop, rooms=["b"], k=4, max_per_host=2, candidates="live").slots[0]
    assert sorted(shop.items.ids[slot] for slot in inside) == ["i00", "i01", "i04", "i05"]


def test_what_was_shown_often_without_a_reaction_makes_room_and_comes_back_when_nothing_else_is_left() -> None:
    shop, row = shop_of(), UserRow()
    for _ in range(3):
        apply(row, impression("u", "i00"))
        apply(row, impression("u", "i01"))
    apply(row, view("u", "i01", NOW - 1000))
    assert "i01" in listed(shop, row, k=11, max_shown=3)
    assert "i00" not in listed(shop, row, k=11, max_shown=3)
    assert listed(shop, row, k=12, max_shown=3)[-1] == "i00"
    assert "i00" in listed(shop, row, k=11, max_shown=4)
    assert "i00" in listed(shop, row, k=11, max_shown=3, now=NOW + DAY)


RULES = st.lists(
    st.tuples(
        st.sampled_from(["pin", "boost", "bury", "block"]),
        st.sampled_from([("item", "i02"), ("item", "i07"), ("item", "unheard of"), ("category", "toys"), ("host", "mei")]),
        st.integers(1, 12),
    ),
    max_size=5,
)


@given(RULES, st.integers(1, 14), st.integers(0, 2), st.sampled_from([0.0, 0.4]), st.sampled_from(["mmr", "dpp"]), st.integers(0, 3))
def test_whatever_the_rules_a_list_is_made_of_kept_candidates_once_each_and_full(
    rules: Any, k: int, most: int, knob: float, method: str, hidden: int
) -> None:
    shop, row = shop_of(model=WordModel()), UserRow()
    shop.put_room(room("a", ["i01", "i02", "i03"], host_id="mei"))
    for number, (action, (target, target_id), position) in enumerate(rules):
        shop.rules.put(rule(f"r{number}", action, target_id, target=target, position=position))
    for number in range(hidden):
        apply(row, Feedback(user_id="u", list_id="l", item_id=f"i{3 * number:02}", action="hide", ts=EventTime(NOW)))
    changes = {"k": k, "max_per_category": most, "max_per_host": most, "diversity": knob, "diversity_method": method}
    ranker = Ranker(shop, settings(**changes))
    asked = queries([row], [NOW], ["a"], shop)
    weighed = ranker.weigh(asked, deadline=1e12)
    candidates = weighed.candidates
    assert int(candidates.kept.sum()) + sum(weighed.removed.values()) == int((candidates.slots >= 0).sum())
    result = ranker.rank(asked)
    chosen = [slot for slot in result.slots[0].tolist() if slot >= 0]
    assert set(chosen) <= set(candidates.slots[candidates.kept].tolist())
    assert len(set(chosen)) == len(chosen) == min(k, int(candidates.kept.sum()))
    blocked = {target_id for action, (_, target_id), _ in rules if action == "block"}
    assert not blocked & {shop.items.ids[slot] for slot in chosen}
