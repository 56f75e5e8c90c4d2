"""Each source proposes what it promises, and the union loses and doubles nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from streamrec.catalogue.catalogue import Catalogue
from streamrec.ranking.batch.candidates import SOURCES, merge
from streamrec.ranking.batch.context import Context, context
from streamrec.ranking.batch.queries import queries
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.sources.cold import NEWEST, AkinSource, RestSource, UnsoldSource
from streamrec.ranking.sources.sources import SOURCES as KINDS
from streamrec.ranking.sources.sources import default_sources
from streamrec.ranking.sources.warm import CountrySource, PopularSource, TrendingSource
from streamrec.state.apply import apply
from streamrec.state.decay import PurchaseTally
from streamrec.state.user import HIDDEN, UserRow
from streamrec.system.clock import HOUR_MS
from tests.catalogue.test_catalogue import stats
from tests.ranking.features.tiny import statistics
from tests.shop import DAY, NOW, WordModel, catalogue, item, meant, purchase, room, rule, settings, view

ROOT = Path(__file__).parents[3]


def asked(shop: Catalogue, row: UserRow, room_id: str | None = None) -> Context:
    return context(queries([row], [NOW], [room_id], shop), shop, shop.for_sale(live_only=False))


def fetched(shop: Catalogue, name: str, row: UserRow, room_id: str | None = None) -> list[str]:
    (source,) = [source for source in default_sources() if source.name == name]
    return sorted(shop.items.ids[slot] for slot in source.fetch(asked(shop, row, room_id))[0] if slot >= 0)


def test_covisited_items_are_those_bought_around_the_users_own() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    shop.put_stats("b", stats(2, before=[("a", 1.0)]))
    row = UserRow()
    apply(row, purchase("u", "a"))
    assert fetched(shop, "covisited", row) == ["b"]


def test_nearest_items_are_like_what_the_user_looked_at() -> None:
    shop = catalogue(item("a", "red mug"), item("b", "red mug large"), item("c", "garden hose"), model=WordModel())
    row = UserRow()
    apply(row, view("u", "a"))
    assert fetched(shop, "nearest", row) == ["a", "b"]


def test_trending_items_come_by_sales_and_leave_out_what_never_sold() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    shop.put_stats("a", stats(1))
    shop.put_stats("c", stats(3))
    assert fetched(shop, "trending", UserRow()) == ["a", "c"]


def test_popular_items_are_those_of_the_season_that_no_trend_remembers() -> None:
    shop = catalogue(*map(item, "abc"))
    shop.put_stats("a", statistics([0.0, 0.1, 5.0, 50.0], NOW - 30 * DAY))
    shop.put_stats("b", statistics([1.0, 1.0, 1.0, 1.0]))
    context_of = asked(shop, UserRow())
    assert [shop.items.ids[slot] for slot in TrendingSource(1).fetch(context_of)[0]] == ["b"]
    assert [shop.items.ids[slot] for slot in PopularSource(1).fetch(context_of)[0]] == ["a"]


def test_every_viewer_is_proposed_what_sells_in_their_own_country() -> None:
    shop = catalogue(*map(item, "abcd"))
    shop.put_stats("a", statistics([9.0] * 4, countries=[("France", 9.0)]))
    shop.put_stats("b", statistics([2.0] * 4, countries=[("Spain", 2.0), ("France", 1.0)]))
    shop.put_stats("c", statistics([9.0] * 4, NOW - 300 * DAY, countries=[("Spain", 9.0)]))
    rows = [UserRow(country=name) for name in ("Spain", "", "France", "Peru")]
    of_all = context(queries(rows, [NOW] * 4, [None] * 4, shop), shop, shop.for_sale(live_only=False))
    found = [{shop.items.ids[slot] for slot in slots if slot >= 0} for slots in CountrySource().fetch(of_all)]
    assert found == [{"b", "c"}, set(), {"a", "b"}, set()]
    assert [shop.items.ids[slot] for slot in CountrySource(1).fetch(of_all)[0]] == ["b"], "what sold long ago counts as it did then"


def test_unsold_items_come_in_turn_so_that_each_is_proposed_some_time() -> None:
    shop = catalogue(*(item(f"i{number:03}") for number in range(200)), item("sold"), item("ahead", created_ts=NOW + DAY))
    shop.put_stats("sold", stats(3))
    seen: set[str] = set()
    for hour in range(100):
        now = NOW + hour * HOUR_MS
        of_hour = context(queries([UserRow(), UserRow()], [now, now + 1], [None] * 2, shop), shop, shop.for_sale(live_only=False))
        one, other = UnsoldSource().fetch(of_hour)
        assert one.tolist() == other.tolist() or (now + 1) // HOUR_MS != now // HOUR_MS
        found = {shop.items.ids[slot] for slot in one}
        assert len(found) == UnsoldSource.count
        assert hour >= 24 or not found & {"sold", "ahead"}
        seen |= found
    assert seen >= {f"i{number:03}" for number in range(200)}


def test_unsold_items_with_words_of_what_the_viewer_bought_are_proposed_and_others_are_not() -> None:
    shop = catalogue(item("mug", "red retrospot mug"), item("cup", "retrospot cup"), item("hose", "garden hose"), item("sold", "red mug"))
    shop.put_items([item("ahead", "red retrospot mug", created_ts=NOW + DAY)])
    shop.put_stats("mug", stats(1))
    shop.put_stats("sold", stats(1))
    row = UserRow()
    assert fetched(shop, "akin", row) == []
    apply(row, purchase("u", "mug"))
    assert fetched(shop, "akin", row) == ["cup"]


def test_of_many_unsold_items_those_most_like_the_viewers_come_first_and_the_oldest_are_left_out() -> None:
    many = [item(f"i{number:04}", "red thing", created_ts=NOW - DAY) for number in range(NEWEST - 1)]
    shop = catalogue(item("mug", "red retrospot mug"), item("cup", "retrospot cup", created_ts=NOW - 2 * DAY), *many)
    shop.put_stats("mug", stats(1))
    row = UserRow()
    apply(row, purchase("u", "mug"))
    found = fetched(shop, "akin", row)
    assert len(found) == AkinSource.count
    assert found[0] == "cup"
    shop.put_items([item("another", "blue hose", created_ts=NOW - DAY)])
    assert "cup" not in fetched(shop, "akin", row), "one was listed later and took its place"


def test_a_shop_that_tells_nothing_has_something_for_a_stranger() -> None:
    shop = catalogue(*(item(f"i{number:03}") for number in range(100)), item("gone", stock=0))
    assert len(fetched(shop, "rest", UserRow())) == RestSource.count
    for number in range(100):
        shop.put_stats(f"i{number:03}", stats(3))
    assert fetched(shop, "rest", UserRow()) == [], "there is plenty to propose"


def test_what_fills_a_list_depends_neither_on_who_asks_beside_nor_on_the_order_in_which_items_came() -> None:
    ids = [f"i{number:03}" for number in range(100)]
    light, heavy = UserRow(hidden={"i003": NOW}), UserRow(bought={item_id: PurchaseTally(NOW - DAY, 1.0) for item_id in ids[:90]})
    found = []
    for order, rows in ((ids, [light]), (ids, [light, heavy]), (ids[::-1], [heavy, light])):
        shop = catalogue(*map(item, order))
        of_all = context(queries(rows, [NOW] * len(rows), [None] * len(rows), shop), shop, shop.for_sale(live_only=False))
        found.append({shop.items.ids[slot] for slot in RestSource().fetch(of_all)[rows.index(light)] if slot >= 0})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == RestSource.count


@given(st.integers(0, 260), st.integers(0, 200), st.integers(0, HIDDEN), st.sampled_from(["allow", "exclude"]))
def test_every_list_is_full_while_there_is_enough_that_the_viewer_neither_hid_nor_bought(
    selling: int, bought: int, hidden: int, repeats: str
) -> None:
    ids = [f"i{number:03}" for number in range(260)]
    shop = catalogue(*map(item, ids))
    for number in range(selling):
        shop.put_stats(ids[number], stats(300 - number))
    # What sells best is what they have, so that they are left with what no other source proposes.
    row = UserRow(hidden=dict.fromkeys(ids[bought : bought + hidden], NOW))
    row.bought = {item_id: PurchaseTally(NOW - DAY, 1.0) for item_id in ids[:bought]}
    result = Ranker(shop, settings(repeats=repeats)).rank(queries([row], [NOW], [None], shop))
    assert (result.slots[0] >= 0).sum() == 10


def test_what_is_on_air_is_proposed_however_long_the_shelf_is() -> None:
    shop = catalogue(*(item(f"i{number:03}") for number in range(300)))
    shop.put_room(room("r", [f"i{number:03}" for number in range(300)], on_air="i299"))
    found = fetched(shop, "shelf", UserRow(), "r")
    assert len(found) == 200
    assert {"i299", "i000"} <= set(found)


def test_repeats_are_the_users_own_purchases() -> None:
    shop = catalogue(item("a"), item("b"))
    row = UserRow()
    apply(row, purchase("u", "b"))
    assert fetched(shop, "repeat", row) == ["b"]


def test_the_shelf_is_that_of_the_users_room_and_live_that_of_all() -> None:
    shop = catalogue(item("a"), item("b"), item("c"))
    shop.put_room(room("r1", ["b"]))
    shop.put_room(room("r2", ["c"], on_air="c"))
    assert fetched(shop, "shelf", UserRow(), "r1") == ["b"]
    assert fetched(shop, "live", UserRow(), "r1") == ["b", "c"]
    assert fetched(shop, "shelf", UserRow(), "elsewhere") == []


def test_new_items_come_newest_first_and_never_from_the_future() -> None:
    shop = catalogue(item("old", created_ts=NOW - 9 * DAY), item("new", created_ts=NOW - DAY), item("ahead", created_ts=NOW + DAY))
    assert fetched(shop, "new", UserRow()) == ["new", "old"]


def test_items_that_the_user_wrote_about_are_proposed() -> None:
    from streamrec.events.fields import EventTime
    from streamrec.events.types import Danmaku

    shop, row = catalogue(item("a", "red retrospot mug"), item("b", "blue hose")), UserRow()
    text = "how big is the retrospot mug"
    apply(row, Danmaku(user_id="u", room_id="r", ts=EventTime(NOW), text=text), meant(shop, text))
    assert fetched(shop, "mentioned", row) == ["a"]


def test_what_is_not_for_sale_is_proposed_by_no_source_of_the_whole_shop() -> None:
    shop = catalogue(item("a", stock=0, created_ts=NOW - DAY))
    shop.put_stats("a", stats(5))
    row = UserRow()
    apply(row, purchase("u", "a"))
    assert all(fetched(shop, source.name, row) == [] for source in default_sources() if source.name != "shelf")


def test_the_best_of_equals_are_those_with_the_lower_id() -> None:
    shop = catalogue(item("c"), item("a"), item("b"))
    shop_context = asked(shop, UserRow())
    best = shop_context.top(np.ones((1, 3)), 2)
    assert sorted(shop.items.ids[slot] for slot in best[0]) == ["a", "b"]


PROPOSALS = st.lists(arrays.arrays(np.int32, st.tuples(st.just(3), st.integers(0, 4)), elements=st.integers(-1, 6)), max_size=4)


@given(PROPOSALS)
def test_the_union_loses_nothing_doubles_nothing_and_knows_every_source(proposals: list[Any]) -> None:
    merged = merge(proposals, 3, 7)
    for user in range(3):
        found = merged.slots[user][merged.kept[user]].tolist()
        everyone = {slot for each in proposals for slot in each[user].tolist()}
        expected = {slot: {number for number, slots in enumerate(proposals) if slot in slots[user]} for slot in everyone}
        expected.pop(-1, None)
        assert found == sorted(expected)
        for slot, bits in zip(merged.slots[user], merged.sources[user], strict=True):
            if slot >= 0:
                assert {number for number in range(16) if bits >> number & 1} == expected[int(slot)]


def test_sources_have_names_of_their_own_and_fit_the_bits_of_a_candidate() -> None:
    names = [source.name for source in default_sources()]
    assert len(set(names)) == len(names) <= SOURCES
    assert set(names) - {source.name for source in default_sources("exclude")} == {"repeat"}


def test_the_table_of_sources_names_all_of_them_with_their_counts() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|`]+ \| (\d+) \|$", (ROOT / "docs" / "reading-lists.md").read_text(), re.MULTILINE)
    assert rows == [(kind.name, str(kind.count)) for kind in KINDS]


def test_no_source_proposes_more_than_its_count() -> None:
    shop, ids = catalogue(*(item(f"i{number}", created_ts=NOW - DAY) for number in range(18)), model=WordModel()), range(9)
    for number in ids:
        neighbours = [("i0", 1.0)] if number else []
        shop.put_stats(f"i{number}", statistics([1.0] * 4, neighbours=neighbours, countries=[("France", 1.0)]))
        shop.rules.put(rule(f"r{number}", "boost", f"i{number}"))
    shop.put_room(room("r", [f"i{number}" for number in ids]))
    row = UserRow()
    for number in ids:
        apply(row, purchase("u", f"i{number}", country="France"))
        row.named[f"i{number}"] = row.bought[f"i{number}"]
    for kind in KINDS:
        fetched_slots = kind(4).fetch(asked(shop, row, "r"))
        assert fetched_slots.shape[1] <= 4, kind
        assert (fetched_slots >= 0).any() or kind.name == "following", kind
