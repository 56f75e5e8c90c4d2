"""What a worker tells of a viewer."""

from __future__ import annotations

from streamrec.events.speech import RoomMoment
from streamrec.state.user import UserRow
from streamrec.worker.assembly import build_ranking
from streamrec.worker.inspector import ShopInspector
from tests.shop import NOW, item, room, rows, settings


def test_titles_are_told_of_what_is_known() -> None:
    ranking = build_ranking(settings())
    ranking.catalogue.put_items([item("mug", "red mug")])
    ranking.catalogue.put_room(room("r", ["mug"], title="Tea time"))
    assert ShopInspector(ranking).names(["mug", "?"], ["r", "?"]) == ({"mug": "red mug"}, {"r": "Tea time"})


def test_the_row_and_what_the_filters_keep_out_are_told_of_a_viewer() -> None:
    ranking, table = build_ranking(settings(candidates="live")), rows()
    ranking.catalogue.put_items([item("mug"), item("lamp")])
    ranking.catalogue.put_room(room("r", ["mug", "lamp"]))
    inspector = ShopInspector(ranking, clock_ms=lambda: NOW)
    table.put(b"ann", UserRow(seq=3, room_id="r", room_ts=NOW, hidden={"lamp": NOW}))
    assert inspector.known(table, "ann")["row"]["seq"] == 3
    assert [items for items in inspector.removed(table, "ann").values() if items] == [["lamp"]]


def test_of_a_stranger_nothing_is_told() -> None:
    inspector = ShopInspector(build_ranking(settings()))
    assert inspector.known(rows(), "bob")["row"] is None
    assert inspector.removed(rows(), "bob") == {}


def test_of_a_room_the_moment_is_told_but_its_own_record_says_what_is_on_air() -> None:
    ranking = build_ranking(settings())
    ranking.catalogue.put_items([item("mug"), item("lamp")])
    heard = RoomMoment(room_id="r", ts=NOW, on_air="mug", since=NOW - 5, confidence=0.9, by="speech", comments=3.0)
    inspector = ShopInspector(ranking)
    assert inspector.moment("r") is None, "nothing is known of it"
    ranking.catalogue.put_room(room("r", ["mug", "lamp"]))
    ranking.catalogue.rooms.hear(heard)
    assert inspector.moment("r") == heard
    ranking.catalogue.put_room(room("r", ["mug", "lamp"], on_air="lamp"))
    told = inspector.moment("r")
    assert told is not None
    assert (told.on_air, told.since, told.by, told.comments) == ("lamp", 0, "room", 3.0)
