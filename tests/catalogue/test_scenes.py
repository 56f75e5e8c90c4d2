"""A comment is read in the scene of its room as it is: the shelf, what is on air, and what was."""

from __future__ import annotations

from streamrec.events.fields import EventTime
from streamrec.events.speech import RoomMoment
from tests.shop import NOW, catalogue, item, meant, room


def test_a_room_that_ends_and_opens_again_has_the_names_of_its_new_shelf() -> None:
    shop = catalogue(item("a", "garden hose"), item("b", "iron rake"))
    shop.put_room(room("r", ["a"]))
    assert meant(shop, "number 1").items == [("a", 1.0)]
    shop.put_room(room("r", [], status="ended"))
    shop.put_room(room("r", ["b"]))
    assert meant(shop, "number 1").items == [("b", 1.0)]


def test_an_item_whose_record_changes_is_found_by_its_new_words() -> None:
    shop = catalogue(item("a", "garden hose"), item("b", "iron rake"))
    shop.put_room(room("r", ["a", "b"]))
    assert meant(shop, "is the hose long?").items[0][0] == "a"
    shop.put_items([item("a", "wooden ladder")])
    assert meant(shop, "the ladder please").items[0][0] == "a"
    assert [item_id for item_id, _ in meant(shop, "is the hose long?").items] == []


def test_what_speech_put_on_air_counts_where_the_room_says_nothing_itself() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_room(room("r", ["a", "b"]))
    shop.rooms.hear(RoomMoment(room_id="r", ts=NOW, on_air="b", shown=["a"], speech="this one"))
    scene = shop.scenes.of("r")
    assert (scene.on_air, list(scene.shown), scene.said) == ("b", ["a"], "this one")
    assert shop.rooms.on_air(2).tolist() == [False, True]
    shop.put_room(room("r", ["a", "b"], on_air="a", ts=EventTime(NOW + 1)))
    assert shop.scenes.of("r").on_air == "a"


def test_a_moment_that_comes_before_the_record_of_its_room_waits_for_it() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.rooms.hear(RoomMoment(room_id="r", ts=NOW, on_air="b"))
    shop.put_room(room("r", ["a", "b"]))
    assert shop.scenes.of("r").on_air == "b"


def test_an_older_moment_changes_nothing() -> None:
    shop = catalogue(item("a"), item("b"))
    shop.put_room(room("r", ["a", "b"]))
    shop.rooms.hear(RoomMoment(room_id="r", ts=NOW, on_air="b"))
    shop.rooms.hear(RoomMoment(room_id="r", ts=NOW - 1, on_air="a"))
    assert shop.scenes.of("r").on_air == "b"


def test_where_no_room_is_known_nothing_is() -> None:
    scene = catalogue(item("a")).scenes.of("nowhere", last=["a"])
    assert (scene.names, scene.on_air, list(scene.last)) == (None, None, ["a"])


def test_the_names_of_a_shelf_are_not_read_anew_for_every_sale() -> None:
    shop = catalogue(item("a", "garden hose", stock=9), item("b", "iron rake"))
    shop.put_room(room("r", ["a", "b"]))
    names = shop.scenes.of("r").names
    shop.put_items([item("a", "garden hose", stock=8), item("b", "iron rake", available=False)])
    assert shop.scenes.of("r").names is names
    shop.put_items([item("a", "garden hose", stock=8, price=11.0)])
    assert shop.scenes.of("r").names is not names
