"""The catalogue: columns over slots, rooms, and what is bought with what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.encoded import item_text
from streamrec.catalogue.links import WIDTH, Links
from streamrec.events.fields import EventTime
from streamrec.state.item import ItemRow, Signal, count
from streamrec.state.stats import ItemStats, stats_of
from tests.shop import DAY, NOW, WordModel, catalogue, item, meant, room


def stats(purchases: int, *, ts: int = NOW, before: list[tuple[str, float]] | None = None) -> ItemStats:
    row = ItemRow()
    for number in range(purchases):
        count(row, Signal("purchase", ts, 1.0, before or [], "purchases", 0, number, 0))
    return stats_of(row)


def test_an_item_is_for_sale_until_it_is_sold_out_taken_off_or_removed() -> None:
    shop = catalogue(item("a"), item("b", stock=0), item("c", available=False), item("d", stock=3))
    assert shop.for_sale(live_only=False).tolist() == [True, False, False, True]
    shop.put_items([item("a", stock=0)])
    shop.remove_item("d")
    assert not shop.for_sale(live_only=False).any()
    shop.put_items([item("a", stock=5)])
    assert shop.for_sale(live_only=False).tolist() == [True, False, False, False]


def test_live_items_are_those_on_the_shelf_of_a_live_room() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_room(room("r", ["b"]))
    assert shop.for_sale(live_only=True).tolist() == [False, True]
    shop.put_room(room("r", ["b"], status="ended"))
    assert not shop.for_sale(live_only=True).any()
    assert shop.rooms.any_room


def test_a_shelf_may_name_an_item_before_it_is_known() -> None:
    shop = catalogue()
    shop.put_room(room("r", ["later"], on_air="later"))
    assert not shop.for_sale(live_only=True).any()
    shop.put_items([item("later")])
    assert shop.for_sale(live_only=True).all()


def test_an_older_version_of_statistics_does_not_replace_a_newer_one() -> None:
    shop = catalogue(item("a"))
    shop.put_stats("a", stats(5))
    shop.put_stats("a", stats(2))
    assert shop.items.version[0] == 5


def test_trend_prefers_the_recent_sale() -> None:
    shop = catalogue(item("old"), item("new"))
    shop.put_stats("old", stats(3, ts=NOW - 30 * DAY))
    shop.put_stats("new", stats(2, ts=NOW))
    trend = shop.items.trend
    assert trend[1] > trend[0] > 0


def test_an_item_that_nobody_sells_may_be_named_and_takes_no_room() -> None:
    shop = catalogue(item("a", "red retrospot mug"))
    assert meant(shop, "retrospot mug", "unheard of").items == [("unheard of", 1.0)]
    assert shop.items.size == 1


def test_columns_survive_growth() -> None:
    shop = Catalogue(WordModel())
    shop.put_items([item(f"i{number}", f"title{number} mug", price=1.0 + number) for number in range(700)])
    assert shop.items.size == 700
    assert shop.items.listed.all()
    assert np.exp(shop.items.log_price[[0, 699]]) == pytest.approx([1.0, 700.0], rel=1e-5)
    assert np.linalg.norm(shop.items.vectors, axis=1) == pytest.approx(1.0)
    assert [shop.items.ids[slot] for slot in np.argsort(shop.items.id_rank())] == sorted(shop.items.ids)


def test_bert_reads_title_brand_and_category_once_each() -> None:
    assert item_text(item("a", "Acme red mug", brand="Acme", category="Kitchen")) == "Acme red mug Kitchen"


@given(st.lists(st.tuples(st.integers(0, 6), st.dictionaries(st.integers(0, 6), st.integers(1, 9).map(float), max_size=5)), max_size=12))
def test_links_hold_both_directions_of_the_latest_neighbours(changes: list[tuple[int, dict[int, float]]]) -> None:
    links, latest = Links(lambda: np.ones(7)), {}
    for slot, neighbours in changes:
        links.put(slot, list(neighbours.items()))
        latest[slot] = neighbours
        links.tables(np.array([slot], np.int32))
    slots, weights = (table[:7] for table in links.tables(np.arange(7, dtype=np.int32)))
    assert slots.shape == (7, WIDTH)
    for slot in range(7):
        expected = {
            other: latest.get(slot, {}).get(other, 0.0) + latest.get(other, {}).get(slot, 0.0) * (other != slot)
            for other in range(7)
            if other in latest.get(slot, {}) or slot in latest.get(other, {})
        }
        if slot in latest.get(slot, {}):
            expected[slot] = 2 * latest[slot][slot]
        found = {int(other): float(weight) for other, weight in zip(slots[slot], weights[slot], strict=True) if other >= 0}
        assert found == pytest.approx(expected)


def test_an_item_is_in_the_rooms_whose_shelf_it_is_on_now() -> None:
    shop = catalogue(item("a"), item("b"))
    for name, shelf in [("r2", ["a", "a"]), ("r1", ["a", "b"]), ("r2", ["b"])]:
        shop.put_room(room(name, shelf))
    assert [shop.rooms.room_of(0, "r2"), shop.rooms.room_of(1, "r2"), shop.rooms.room_of(1, None)] == ["r1", "r2", "r1"]
    shop.put_room(room("r1", [], status="ended"))
    shop.rooms.remove("r2")
    assert [shop.rooms.room_of(0, None), shop.rooms.room_of(1, "r1")] == [None, None]


NAMES = st.sampled_from("abc")
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("list"), NAMES, st.sampled_from(["toys", "books", None])),
        st.tuples(st.just("remove"), NAMES),
        st.tuples(st.just("drop"), NAMES),
        st.tuples(st.just("stats"), NAMES, st.lists(st.tuples(NAMES, st.integers(1, 9).map(float)), max_size=4), st.sampled_from("FG")),
    ),
    min_size=15,
    max_size=40,
)


def told(version: int, neighbours: list[tuple[str, float]], country: str) -> ItemStats:
    counts = [[float(version + position) for position in range(4)] for _ in range(6)]
    linked = list(dict(neighbours).items())
    return ItemStats(version, NOW + version, NOW, counts, linked, linked, version / 2, NOW, [(country, float(version))], listed=True)


def seen(shop: Catalogue) -> dict[str, object]:
    """All that a ranking can see of each item, by id."""
    items, found = shop.items, dict[str, object]()
    for name, slot in items.slots.items():
        linked = []
        for links in (shop.links, shop.leads):
            slots, weights = links.tables(np.array([slot], np.int32))
            linked.append({items.ids[other]: float(weight) for other, weight in zip(slots[slot], weights[slot], strict=True) if other >= 0})
        columns = [
            getattr(items, column)[slot].tolist() for column in ("counts", "appeal", "root", "counted_at", "first_sale", "again", "trend")
        ]
        category = next((label for label in ("toys", "books") if items.category_number(label) == items.category[slot]), None)
        countries = [(items.countries.name(number)) for number in items.country[slot].tolist() if number]
        found[name] = (columns, linked, category, countries, items.version[slot], items.titles[slot])
    return found


@given(CHANGES)
def test_whatever_comes_before_what_the_catalogue_is_that_of_what_holds_now(changes: list[tuple]) -> None:  # type: ignore[type-arg]
    """Statistics before or after their item, neighbours before or after they are listed, items removed and put again."""
    shop, listed, latest = Catalogue(), dict[str, str | None](), dict[str, ItemStats]()
    for version, (kind, name, *more) in enumerate(changes, 1):
        match kind:
            case "list":
                shop.put_items([item(name, f"thing {name}", category=more[0])])
                listed[name] = more[0]
            case "remove":
                shop.remove_item(name)
                listed.pop(name, None)
            case "drop":
                shop.drop_stats(name)
                latest.pop(name, None)
            case "stats":
                latest[name] = told(version, *more)
                shop.put_stats(name, latest[name])
        shop.items.id_rank()
        seen(shop)
    fresh = Catalogue()
    fresh.put_items([item(name, f"thing {name}", category=category) for name, category in listed.items()])
    for name, each in latest.items():
        fresh.put_stats(name, each)
    assert seen(shop) == seen(fresh)
    assert shop.items.size <= 3
    assert shop.held()["unlisted"] == len(latest.keys() - listed.keys())
    assert sorted(filter(None, shop.items.ids)) == sorted(listed)
    assert [shop.items.ids[slot] for slot in np.argsort(shop.items.id_rank())] == sorted(shop.items.ids)


def test_slots_of_removed_items_are_used_again_and_hold_nothing_of_the_former() -> None:
    shop = Catalogue(WordModel())
    for wave in range(5):
        shop.put_items([item(f"{wave}-{number}", f"mug {wave}", brand=f"brand {wave}", price=5.0) for number in range(300)])
        for number in range(300):
            shop.put_stats(f"{wave}-{number}", stats(3))
            if wave < 4:
                shop.remove_item(f"{wave}-{number}")
    assert shop.items.size == 300
    assert (shop.items.version == 3).all()
    for number in range(300):
        shop.remove_item(f"4-{number}")
    items = shop.items
    assert not items.listed.any()
    assert not items.vectors.any()
    assert not items.tokens.any()
    assert not items.counts.any()
    assert [len(numbers) for numbers in (*items._labels.values(), items.countries)] == [0, 0, 0]
    assert not shop.index._slots_of
    assert shop.for_sale(live_only=False).sum() == 0


def test_statistics_of_ids_that_no_record_lists_take_no_slot_and_are_there_once_it_does() -> None:
    shop = catalogue(item("a"))
    for number in range(10_000):
        shop.put_stats(f"invented{number}", stats(1))
    shop.put_stats("later", stats(4, before=[("a", 2.0)]))
    shop.put_stats("a", stats(2, before=[("later", 1.0)]))
    assert shop.items.size == 1
    shop.put_items([item("later")])
    slot = shop.items.slots["later"]
    assert shop.items.version[slot] == 4
    slots, weights = shop.links.tables(np.array([slot], np.int32))
    assert (slots[slot, 0], weights[slot, 0]) == (shop.items.slots["a"], 4 * 2.0 + 2 * 1.0)


def test_a_number_of_a_comment_that_is_older_than_the_shelf_names_nothing_on_it() -> None:
    shop = catalogue(item("a", "garden hose"), item("b", "iron rake"))
    shop.put_room(room("r", ["a"], ts=EventTime(NOW)))
    shop.put_room(room("r", ["b"], ts=EventTime(NOW + 5)))
    assert meant(shop, "number 1", ts=NOW + 5).items == [("b", 1.0)]
    assert meant(shop, "number 1", ts=NOW + 4).items == []
    shop.put_room(room("r", ["b"], ts=EventTime(NOW + 9)))
    assert meant(shop, "number 1", ts=NOW + 5).items == [("b", 1.0)], "that it is live was said again, its shelf is the same"
