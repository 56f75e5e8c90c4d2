"""Rooms come, change, fall silent and go; what batches ask is right after every change and does not cost more with more rooms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.catalogue import Catalogue
from streamrec.catalogue.rooms import RoomTable
from tests.shop import DAY, NOW, catalogue, item, meant, room

NAMES = [f"i{number}" for number in range(5)]
ROOMS = ["r1", "r2", "r3"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("list"), st.sampled_from(NAMES)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("end"), st.sampled_from(ROOMS)),
        st.tuples(
            st.just("room"),
            st.sampled_from(ROOMS),
            st.lists(st.sampled_from(NAMES), max_size=4),
            st.sampled_from(["mei", "lin"]),
            st.sampled_from([None, *NAMES]),
        ),
    ),
    max_size=30,
)


def play(steps: list[Any]) -> tuple[Catalogue, dict[str, Any], set[str]]:
    shop, rooms, listed = catalogue(), dict[str, Any](), set[str]()
    for kind, name, *more in steps:
        if kind == "list":
            shop.put_items([item(name)])
            listed.add(name)
        elif kind == "remove":
            shop.remove_item(name)
            listed.discard(name)
        elif kind == "end":
            shop.rooms.remove(name)
            rooms.pop(name, None)
        else:
            shelf, host, on_air = more
            shop.put_room(room(name, shelf, host_id=host, on_air=on_air))
            rooms[name] = (shelf, host, on_air)
    return shop, rooms, listed


@given(STEPS)
def test_after_any_changes_the_rooms_are_what_they_last_said(steps: list[Any]) -> None:
    shop, rooms, listed = play(steps)
    table, items = shop.rooms, shop.items
    assert set(table.live) == set(rooms)
    assert items.size <= len(NAMES)
    for name in NAMES:
        having = sorted(each for each, (shelf, _, _) in rooms.items() if name in shelf)
        slot = items.slots.get(name)
        assert (slot is not None) == (name in listed)
        if slot is None:
            continue
        assert table.on_shelf(items.size)[slot] == bool(having)
        assert table.on_air(items.size)[slot] == any(on_air == name for _, _, on_air in rooms.values())
        assert table.hosts(items.size)[slot] == (table.host(rooms[having[0]][1]) if having else 0)
        assert table.room_of(slot, None) == (having[0] if having else None)
        for each in ROOMS:
            assert table.room_of(slot, each) == (each if each in having else having[0] if having else None)
    for each, (shelf, host, on_air) in rooms.items():
        live = table.live[each]
        assert live.names == shelf
        assert live.places.tolist() == [items.slots.get(name, -1) for name in shelf]
        assert live.shelf.tolist() == [items.slots[name] for name in shelf if name in listed]
        assert live.on_air == (items.slots.get(on_air, -1) if on_air else -1)
        assert (live.host, live.host_id) == (table.host(host), host)
    assert table.bytes == sum(live.bytes for live in table.live.values())


@given(STEPS)
def test_nothing_stays_of_rooms_that_are_over_and_of_items_that_are_gone(steps: list[Any]) -> None:
    shop, rooms, listed = play(steps)
    for name in rooms:
        shop.rooms.remove(name)
    for name in listed:
        shop.remove_item(name)
    table = shop.rooms
    assert (table.bytes, len(table._having), len(table._wanting), len(table._hosts), len(shop.items)) == (0, 0, 0, 0, 0)
    assert not table._shelves.any()
    assert not table._airs.any()


def test_ids_on_a_shelf_that_no_record_lists_take_no_slot_and_keep_their_place() -> None:
    shop = catalogue(item("b"))
    shop.put_room(room("r", [f"unknown{number}" for number in range(999)] + ["b"]))
    for update in range(20):
        shop.put_room(room("other", [f"u{update}-{number}" for number in range(1000)]))
    assert shop.items.size == 1
    assert meant(shop, "number 1").items == []
    shop.put_items([item("unknown0", "green hat")])
    assert meant(shop, "number 1").items == [("unknown0", 1.0)]
    assert shop.for_sale(live_only=True).tolist() == [True, True]


def test_a_room_that_says_nothing_for_a_day_is_taken_for_ended() -> None:
    shop = catalogue(item("a"))
    shop.put_room(room("silent", ["a"]), NOW)
    shop.put_room(room("alive", ["a"]), NOW)
    shop.put_room(room("alive", ["a"], on_air="a"), NOW + 1)
    shop.expire(NOW + DAY - 1)
    assert set(shop.rooms.live) == {"silent", "alive"}
    shop.expire(NOW + DAY)
    assert set(shop.rooms.live) == {"alive"}
    assert shop.dropped()["room_silent"] == 1
    shop.put_room(room("silent", ["a"]), NOW + DAY)
    assert "silent" in shop.rooms.live


def test_when_rooms_take_too_much_the_one_that_was_silent_for_longest_is_taken_for_ended() -> None:
    shop = catalogue(item("a"))
    table = RoomTable(shop.items, DAY, most_bytes=20_000)
    for number in range(100):
        table.put(room(f"r{number}", ["a"]), NOW + number)
        table.put(room("hot", ["a"]), NOW + number)
    assert table.bytes <= 20_000
    assert "hot" in table.live
    assert "r99" in table.live
    assert "r0" not in table.live
    assert table.counts["room_over"] == 101 - len(table.live)
    assert np.asarray(table.on_shelf(1)).all()
