"""Titles are those that a worker would know."""

from __future__ import annotations

from typing import Any

from streamrec.events.codec import encode
from streamrec.operations.titles import Titles
from tests.events.strategies import Record
from tests.shop import item, room


def learn(titles: Titles, topic: str, event: Any) -> None:
    titles.learn(topic, Record(f"p.{topic}", value=event if isinstance(event, bytes) else encode(event)))


def test_the_newest_title_counts() -> None:
    titles = Titles()
    learn(titles, "items", item("a", title="red mug"))
    learn(titles, "items", item("a", title="blue mug"))
    learn(titles, "rooms", room("r", ["a"], title="mugs"))
    assert (titles.items, titles.rooms) == ({"a": "blue mug"}, {"r": "mugs"})


def test_what_no_worker_can_use_leaves_a_title_as_it_was() -> None:
    titles = Titles()
    learn(titles, "items", item("a", title="red mug"))
    learn(titles, "items", b'{"item_id": "a", "title": "without a price"}')
    learn(titles, "items", b"garbage")
    titles.learn("items", Record("p.items", value=None))
    assert titles.items == {"a": "red mug"}


def test_a_room_without_a_title_has_none() -> None:
    titles = Titles()
    learn(titles, "rooms", room("r", []))
    assert titles.rooms == {}
