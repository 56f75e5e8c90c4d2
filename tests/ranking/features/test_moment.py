"""What the moment says for an item, in numbers that can be worked out by hand."""

from __future__ import annotations

from math import exp

import pytest

from streamrec.state.user import Asked
from tests.ranking.features.tiny import user, values
from tests.shop import DAY, NOW, catalogue, item, room


def test_shelf_and_on_air_are_those_of_the_users_own_room() -> None:
    shop = catalogue(*map(item, "abc"))
    shop.put_room(room("mine", ["a", "b"], on_air="b"))
    shop.put_room(room("other", ["c"], on_air="c"))
    assert values(shop, "shelf", room_id="mine") == {"a": 1.0, "b": 1.0, "c": 0.0}
    assert values(shop, "on_air", room_id="mine") == {"a": 0.0, "b": 1.0, "c": 0.0}
    for name in ("shelf", "on_air"):
        assert not any(values(shop, name).values())


def test_a_mention_halves_in_two_hours_and_counts_once_at_most() -> None:
    row = user(named={"a": (NOW, 3.0), "b": (NOW - DAY // 12, 1.0)})
    assert values(catalogue(*map(item, "abc")), "mention", row) == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.0})


def test_what_a_viewer_wants_and_asked_about_halves_in_two_hours() -> None:
    row = user(wanted={"a": (NOW, 3.0), "b": (NOW - DAY // 12, 1.0)})
    row.asked = {"a": Asked(NOW, "size"), "b": Asked(NOW - DAY // 12, "price"), "unlisted": Asked(NOW, "price")}
    shop = catalogue(*map(item, "abc"))
    for name in ("wanted_by_viewer", "asked_about"):
        assert values(shop, name, row) == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.0})


def test_what_is_refused_is_neither_named_nor_wanted_any_more() -> None:
    row = user(named={"a": (NOW - 1, 1.0), "b": (NOW, 1.0)}, wanted={"a": (NOW - 1, 1.0)}, refused={"a": (NOW, 1.0), "b": (NOW - 1, 1.0)})
    shop = catalogue(*map(item, "ab"))
    assert values(shop, "mention", row) == pytest.approx({"a": 0.0, "b": 1.0})
    assert values(shop, "wanted_by_viewer", row) == {"a": 0.0, "b": 0.0}


def test_fatigue_grows_with_every_look_and_what_is_seen_fades_by_half_in_two_hours() -> None:
    row = user(shown={"a": (NOW, 2.0), "b": (NOW - DAY // 12, 2.0)})
    assert values(catalogue(*map(item, "abc")), "fatigue", row) == pytest.approx({"a": 1 - exp(-1), "b": 1 - exp(-0.5), "c": 0.0})
