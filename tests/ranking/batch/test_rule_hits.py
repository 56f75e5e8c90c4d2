"""Rules concern what they say, however many there are."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.events.types import Rule
from streamrec.ranking.batch.context import Context, context
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.batch.rule_hits import hits
from streamrec.ranking.sources.named import RuleSource
from streamrec.state.user import UserRow
from tests.shop import NOW, catalogue, item, room, rule

ITEMS = [f"i{number}" for number in range(6)]
RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from([f"r{number:02}" for number in range(30)]),
        st.sampled_from(["pin", "boost", "bury", "block"]),
        st.sampled_from([*ITEMS, "unknown", "toys", "books", "mei", "lin"]),
        target=st.sampled_from(["item", "category", "host"]),
        room_id=st.sampled_from([None, "r1", "r2", "r3"]),
        starts_ts=st.sampled_from([None, NOW - 5, NOW + 5]),
        expires_ts=st.sampled_from([None, NOW - 5, NOW + 5, NOW + 50]),
    ),
    max_size=25,
)
NOWS, ROOMS = [NOW, NOW + 10, NOW - 10], [None, "r1", "r2"]


def shop_of(rules: list[Rule]) -> tuple[Catalogue, Context]:
    shop = catalogue(*(item(name, category=["toys", "books", None][place % 3]) for place, name in enumerate(ITEMS)))
    shop.put_room(room("r1", ["i0", "i1"], host_id="mei"))
    shop.put_room(room("r2", ["i2", "i3"], host_id="lin"))
    for each in rules:
        shop.rules.put(each)
    asked = queries([UserRow()] * 3, NOWS, ROOMS, shop)
    return shop, context(asked, shop, shop.for_sale(live_only=False))


def concerns(each: Rule, user: int, name: str) -> bool:
    """What the rule says, in words."""
    place = ITEMS.index(name)
    host = {"i0": "mei", "i1": "mei", "i2": "lin", "i3": "lin"}.get(name)
    target = {"item": name, "category": ["toys", "books", None][place % 3], "host": host}[each.target]
    timely = (each.starts_ts or 0) <= NOWS[user] and (each.expires_ts is None or NOWS[user] < each.expires_ts)
    return target == each.target_id and timely and each.room_id in (None, ROOMS[user])


@given(RULES, st.sampled_from([("block",), ("boost", "bury"), ("pin",)]))
def test_the_pairs_are_those_that_each_rule_names_by_itself(rules: list[Rule], actions: tuple[str, ...]) -> None:
    shop, shown = shop_of(rules)
    slots = np.array([[0, 1, 2, 3, 4, 5, -1], [5, 3, -1, -1, -1, -1, -1], [2, 4, 0, -1, -1, -1, -1]], np.int32)
    found = hits(shown, slots, actions)
    pairs = {(found.rules[number].rule_id, user, column) for number, user, column in zip(found.rule, found.user, found.column, strict=True)}
    expected = {
        (each.rule_id, user, column)
        for each in {each.rule_id: each for each in rules}.values()
        if each.action in actions
        for user, row in enumerate(slots.tolist())
        for column, slot in enumerate(row)
        if slot >= 0 and concerns(each, user, shop.items.ids[slot])
    }
    assert pairs == expected
    assert len(found.rule) == len(expected)
    assert [each.rule_id for each, _, _ in found.by_rule()] == sorted({name for name, _, _ in expected})


@given(RULES, st.integers(1, 4))
def test_pinned_and_boosted_items_are_proposed_once_and_the_pins_first(rules: list[Rule], most: int) -> None:
    shop, shown = shop_of(rules)
    proposed = RuleSource(most).fetch(shown)
    held = sorted({each.rule_id: each for each in rules}.values(), key=lambda each: (each.action != "pin", each.rule_id))
    for user, row in enumerate(proposed.tolist()):
        names = [shop.items.ids[slot] for slot in row if slot >= 0]
        wanted = [each for each in held if each.target == "item" and each.target_id in ITEMS and concerns(each, user, each.target_id)]
        first = [each.target_id for action in ("pin", "boost") for each in [one for one in wanted if one.action == action][:most]]
        assert names == list(dict.fromkeys(first))[:most]


def test_a_rule_about_an_item_follows_it_when_it_is_removed_and_listed_anew() -> None:
    shop, _ = shop_of([rule("r", "boost", "i1")])

    def proposed() -> list[Any]:
        asked = queries([UserRow()], [NOW], [None], shop)
        return [shop.items.ids[slot] for slot in RuleSource(9).fetch(context(asked, shop, shop.for_sale(live_only=False)))[0] if slot >= 0]

    assert proposed() == ["i1"]
    shop.remove_item("i1")
    shop.put_items([item("other")])
    assert proposed() == []
    shop.put_items([item("i1")])
    assert proposed() == ["i1"]
