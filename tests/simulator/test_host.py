"""What made-up hosts say of an item: its link, its price, its own fields."""

from __future__ import annotations

from random import Random

import pytest

from streamrec.events.files import read_items
from streamrec.events.types import Item
from streamrec.simulator import host
from streamrec.simulator.playback import SHOP_ZH
from streamrec.simulator.spoken import chinese, english, price_in_words

DRESS = read_items(SHOP_ZH)[0]
MUG = Item(item_id="mug", title="BLUE PAISLEY MUG", price=4.25, currency="GBP", lang="en", stock=0)


def said(item: Item, *, turns: int = 200) -> list[str]:
    dice = Random(5)
    return [line.text for _ in range(turns) for line in host.turn(dice, "zh" if item is DRESS else "en", item, 3, 7)]


def test_the_host_says_number_price_and_fields_of_the_item() -> None:
    text = "\n".join(said(DRESS))
    for part in ("3号", "三号", "晚栀法式碎花雪纺连衣裙", "168", "一百六十八", "面料是雪纺，聚酯纤维", "腰后有松紧 吃多了也不勒", "320"):
        assert part in text


def test_a_flash_price_is_below_the_usual_one() -> None:
    assert "134" in "\n".join(said(DRESS))


def test_nothing_is_said_of_an_item_but_its_title_where_no_more_is_known() -> None:
    assert host.points_of(Random(1), "en", MUG) == ["blue paisley mug"] * 2


def test_what_is_sold_out_has_no_flash_price_and_nobody_is_asked_to_want_it() -> None:
    dice = Random(2)
    lines = [line for _ in range(200) for line in host.turn(dice, "en", MUG, 3, None)]
    assert any("sold out" in line.text for line in lines)
    assert not any(line.asks_for_hands or "flash" in line.text for line in lines)


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [(0, "零", "zero"), (10, "十", "ten"), (14, "十四", "fourteen"), (20, "二十", "twenty"), (105, "一百零五", "one hundred and five"),
     (110, "一百一十", "one hundred and ten"), (999, "九百九十九", "nine hundred and ninety nine")],
)  # fmt: skip
def test_numbers_are_said_as_people_say_them(number: int, zh: str, en: str) -> None:
    assert (chinese(number), english(number)) == (zh, en)


def test_prices_are_said_with_their_money() -> None:
    assert price_in_words("zh", 39.9, "CNY") == "三十九点九"
    assert price_in_words("en", 4.25, "GBP") == "four pounds twenty five"
    assert price_in_words("en", 1.0, "USD") == "one dollar"
    assert price_in_words("en", 0.65, "GBP") == "sixty five pence"
    assert chinese(2005) == "二千零五"
