"""What the ranking knows of the users of a micro-batch."""

from __future__ import annotations

import numpy as np
import pytest

from streamrec.events.fields import EventTime
from streamrec.events.types import Danmaku
from streamrec.ranking.batch.queries import queries
from streamrec.state.apply import apply
from streamrec.state.user import UserRow
from tests.shop import DAY, NOW, catalogue, item, purchase, room, view

MINUTE = 60_000


def test_recent_items_come_newest_first_and_weigh_by_action_and_age() -> None:
    row = UserRow()
    apply(row, purchase("u", "a", NOW - 60 * DAY))
    apply(row, view("u", "b", NOW))
    asked = queries([row, UserRow()], [NOW, NOW], [None, None], catalogue(item("a"), item("b")))
    assert asked.recent.slots.tolist() == [[1, 0], [-1, -1]]
    assert asked.recent.values[0] == pytest.approx([0.3, 0.5])


def test_items_that_the_catalogue_does_not_know_are_left_out_and_make_no_slots() -> None:
    row, shop = UserRow(), catalogue(item("a"))
    apply(row, purchase("u", "unheard of"))
    asked = queries([row], [NOW], [None], shop)
    assert asked.recent.slots.size == 0
    assert (asked.bought.slots == -1).all()
    assert shop.items.size == 1


def test_what_was_written_an_hour_ago_is_no_longer_told_to_the_model() -> None:
    row = UserRow()
    for ts, text in [(NOW - DAY, "yesterday"), (NOW - 1000, "just now"), (NOW, "now")]:
        apply(row, Danmaku(user_id="u", room_id="r", ts=EventTime(ts), text=text))
    assert queries([row], [NOW], [None], catalogue()).said == ["now just now"]


def test_the_room_of_the_trigger_counts_before_the_last_one() -> None:
    row, shop = UserRow(), catalogue(item("a"))
    apply(row, view("u", "a", room_id="r1"))
    for name in ("r1", "r2"):
        shop.put_room(room(name, ["a"]))
    asked = queries([row, row, row], [NOW] * 3, ["r2", None, "closed"], shop)
    assert [live.room_id if live else None for live in asked.rooms] == ["r2", "r1", None]


def test_the_usual_price_is_a_mean_of_logarithms_and_unknown_without_a_purchase() -> None:
    row = UserRow()
    apply(row, purchase("u", "a"))
    asked = queries([row, UserRow()], [NOW, NOW], [None, None], catalogue(item("a")))
    assert asked.log_price[0] == pytest.approx(np.log(10.0))
    assert np.isnan(asked.log_price[1])


def test_an_item_makes_a_basket_of_its_first_purchase_and_one_of_its_last() -> None:
    row, shop = UserRow(), catalogue(item("a"), item("b"))
    for ts in (NOW - 9 * DAY, NOW - 5 * DAY, NOW - DAY):
        apply(row, purchase("u", "a", ts))
    # Within half an hour of one of those: the same basket.
    apply(row, purchase("u", "b", NOW - 9 * DAY + MINUTE))
    asked = queries([row, UserRow()], [NOW, NOW], [None, None], shop)
    assert asked.baskets.tolist() == [2, 0]
    assert asked.bought_times.tolist() == [[3, 1], [0, 0]]
    assert asked.bought_since.tolist() == [[NOW - 9 * DAY, 0], [0, 0]]


def test_a_basket_goes_on_while_no_half_hour_passes_without_a_purchase() -> None:
    row, shop = UserRow(), catalogue(*map(item, "abcd"))
    for item_id, minutes in zip("abcd", (0, 29, 58, 89), strict=True):
        apply(row, purchase("u", item_id, NOW + minutes * MINUTE))
    asked = queries([row], [NOW + DAY], [None], shop)
    assert asked.baskets.tolist() == [2]
