"""What is on air in a viewer's room stands among the first three places, whatever they did elsewhere and however all else sells."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from streamrec.bert.blends import load_blend
from streamrec.bert.folder import ModelFolder
from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import Blend
from streamrec.ranking.selectors.on_air import NEAR
from streamrec.settings import Settings
from streamrec.state.apply import apply
from streamrec.state.decay import Tally
from streamrec.state.user import UserRow
from tests.ranking.features.tiny import statistics
from tests.shop import DAY, NOW, WordModel, catalogue, impression, item, purchase, room, rule, view

SIZE = 24
IDS = [f"i{number:02}" for number in range(SIZE)]
ITEMS = st.sampled_from(IDS)
DID = st.lists(st.tuples(st.sampled_from(["bought", "seen", "looked"]), ITEMS, st.integers(0, 40 * DAY), st.integers(1, 12)), max_size=30)
SOLD = st.lists(st.tuples(ITEMS, st.floats(0.1, 5000.0), st.integers(0, 60 * DAY)), max_size=SIZE)


@cache
def blend_of(name: str) -> Blend:
    return Blend.plain() if name == "plain" else load_blend(ModelFolder.load(), "allow", "off")


def shop_of(sold: list[tuple[str, float, int]], on_air: str, shelf: list[str]) -> Catalogue:
    made = catalogue(*(item(item_id, f"{item_id} mug {item_id[-1]}", category=f"c{item_id[-1]}") for item_id in IDS), model=WordModel())
    for item_id, count, age in sold:
        made.put_stats(item_id, statistics([count / 10, count / 3, count, 2 * count], NOW - age))
    made.put_room(room("r", [*shelf, on_air], on_air=on_air))
    return made


def row_of(did: list[tuple[str, str, int, int]]) -> UserRow:
    row = UserRow()
    for how, item_id, age, times in did:
        for _ in range(times):
            apply(row, {"bought": purchase, "seen": view, "looked": impression}[how]("u", item_id, NOW - age))  # type: ignore[operator]
    return row


def listed(shop: Catalogue, row: UserRow, blend: str = "plain", **changes: Any) -> list[str]:
    """The list of a viewer in the room, by default settings."""
    ranker = Ranker(shop, Settings(scoring="off", cross_pairs=0, **changes), blend_of(blend))
    result = ranker.rank(queries([row], [NOW], ["r"], shop, ["list"]))
    return [shop.items.ids[slot] for slot in result.slots[0] if slot >= 0]


@pytest.mark.parametrize("blend", ["plain", "shipped"])
@given(SOLD, DID, ITEMS, st.lists(ITEMS, max_size=SIZE, unique=True), st.sampled_from(["auto", "all"]), st.integers(1, 12))
@limits(max_examples=60)
def test_it_is_among_the_first_three(blend: str, sold: Any, did: Any, on_air: str, shelf: list[str], candidates: str, k: int) -> None:
    made = listed(shop_of(sold, on_air, shelf), row_of(did), blend, candidates=candidates, k=k)
    assert on_air in made[:NEAR]
    assert len(set(made)) == len(made) <= k


BEFORE = [(item_id, 5000.0, 0) for item_id in IDS[1:]]
OFTEN = [("looked", "i00", 0, 20)] + [("bought", item_id, DAY, 9) for item_id in IDS[1:12]]


def test_twenty_looks_at_it_do_not_hide_it_and_it_takes_the_third_place_and_no_better_one() -> None:
    shop = shop_of(BEFORE, "i00", IDS)
    assert listed(shop, row_of(OFTEN))[NEAR - 1] == "i00"
    assert len(listed(shop, row_of(OFTEN))) == 10


def test_who_hid_it_is_not_shown_it_and_neither_is_anybody_where_it_is_sold_out_or_blocked() -> None:
    shop, row = shop_of(BEFORE, "i00", IDS), row_of(OFTEN)
    row.hidden["i00"] = NOW
    assert "i00" not in listed(shop, row)
    del row.hidden["i00"]
    shop.rules.put(rule("b", "block", "i00"))
    assert "i00" not in listed(shop, row)
    shop.rules.remove("b")
    shop.put_items([item("i00", stock=0)])
    assert "i00" not in listed(shop, row)


def test_who_asked_for_others_gets_these_first_and_a_shop_may_bury_it() -> None:
    shop, row = shop_of(BEFORE, "i00", IDS), row_of(OFTEN)
    shop.rules.put(rule("b", "bury", "i00", factor=1000))
    assert "i00" not in listed(shop, row)[:NEAR]
    shop.rules.remove("b")
    row.named["i05"] = Tally(NOW, 1.0)
    assert listed(shop, row)[0] == "i05"
    assert "i00" not in listed(shop, row)[:NEAR]
    row.named["i05"] = Tally(NOW - DAY, 1.0)
    assert "i00" in listed(shop, row)[:NEAR]


def test_pins_keep_their_places_before_it() -> None:
    shop = shop_of(BEFORE, "i00", IDS)
    for place in (1, 2, 3):
        shop.rules.put(rule(f"p{place}", "pin", f"i2{place}", position=place))
    assert listed(shop, row_of(OFTEN))[:4] == ["i21", "i22", "i23", "i00"]


def test_in_another_room_it_has_to_earn_its_place() -> None:
    shop = shop_of(BEFORE, "i00", IDS)
    shop.put_room(room("other", IDS))
    result = Ranker(shop, Settings(scoring="off", cross_pairs=0)).rank(queries([row_of(OFTEN)], [NOW], ["other"], shop))
    assert shop.items.slots["i00"] not in result.slots[0, :NEAR]


def test_all_viewers_of_a_micro_batch_get_what_they_would_get_alone() -> None:
    shop = shop_of(BEFORE, "i00", IDS)
    shop.put_room(room("other", IDS, on_air="i07"))
    rows, rooms = [row_of(OFTEN), UserRow(), row_of(OFTEN[1:])], ["r", None, "other"]
    ranker = Ranker(shop, Settings(scoring="off", cross_pairs=0))
    together = ranker.rank(queries(rows, [NOW] * 3, rooms, shop)).slots
    alone = [ranker.rank(queries([row], [NOW], [where], shop)).slots[0] for row, where in zip(rows, rooms, strict=True)]
    assert np.array_equal(together, alone)
