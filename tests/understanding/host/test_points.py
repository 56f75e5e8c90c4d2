"""What a host says of an item: prices, stock, promises and facts, in the host's own words."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.host.points import points, told


class Segment(NamedTuple):
    segment: str
    ts: int
    text: str
    item_id: str | None


def prices(text: str, listed: float | None) -> list[tuple[str, float | None]]:
    return [(point.kind, point.value) for point in points(text, listed, "CNY") if point.kind in ("price", "usual_price")]


@pytest.mark.parametrize(
    ("text", "listed", "found"),
    [
        ("平时卖一百六十八 今天在直播间啊一百二十八", 168, [("usual_price", 168), ("price", 128)]),
        ("一百九十九今天一百五十九", 199, [("price", 199), ("price", 159)]),
        ("直播间只要99", 129, [("price", 99)]),
        ("到手价三十五块九", 45.9, [("price", 35.9)]),
        ("还是五十九块九 卖完明天恢复六十九块九", 69.9, [("price", 59.9), ("usual_price", 69.9)]),
        ("it's usually twenty four ninety nine today it's nineteen", 24.99, [("usual_price", 24.99), ("price", 19)]),
        ("regular thirty nine flash price thirty two", 39, [("usual_price", 39), ("price", 32)]),
        ("today only $19.99", None, [("price", 19.99)]),
    ],
)
def test_prices_are_numbers_that_hold_now_or_usually(text: str, listed: float | None, found: list[tuple[str, float]]) -> None:
    assert prices(text, listed) == found


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("功率一千五百瓦", 1500),
        ("拍两个立减二十 等于五十九一个", 69),
        ("今天两盒两百", 118),
        ("two for forty eight", 40),
        ("再减五块", 5),
        ("八点半上水果", None),
        ("我试了一下午", None),
        ("twenty percent off today", 20),
        ("满一百减二十", 100),
        ("链接十二 今天十二号", 12),
        ("grab it link nine today", 9),
        ("today I have twenty of these", 20),
    ],
)
def test_other_numbers_are_no_price_of_one_piece(text: str, listed: float | None) -> None:
    assert prices(text, listed) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("后台说还剩十一台了", "stock", 11),
        ("已经没货了", "stock", 0),
        ("黑色没货了", "stock", None),
        ("this one is sold out", "stock", 0),
        ("四十八小时内发货", "delivery", None),
        ("ships in two days", "delivery", None),
        ("再送一个玻璃盖", "gift", None),
        ("质保一年", "guarantee", None),
        ("不含酒精不伤手", "fact", None),
        ("重三百八十五克", "fact", None),
        ("the filter is washable", "fact", None),
    ],
)
def test_promises_and_facts_have_their_kind(text: str, kind: str, value: float | None) -> None:
    found = points(text, 99, "CNY")
    assert [(point.kind, point.value) for point in found] == [(kind, value)]
    assert found[0].words == text


@pytest.mark.parametrize(
    "text", ["哈喽宝宝们晚上好", "有宝宝问重不重", "什么灶都不用管", "look at that you guys", "送领导送丈母娘都拿得出手", ""]
)
def test_chatter_makes_no_point(text: str) -> None:
    assert points(text, 99, "CNY") == ()


def test_what_is_announced_is_no_part_of_the_fact() -> None:
    assert [point.words for point in points("link two the ceramic pan no teflon", 39, "USD")] == ["ceramic pan no teflon"]


def test_the_last_word_on_a_price_counts_and_points_of_items_stand_apart() -> None:
    heard = [
        Segment("1", 1000, "平时一百二十九 今天九十九 不含涂层的", "pan"),
        Segment("2", 2000, "今天六十九", "cup"),
        Segment("3", 3000, "最后一轮 今天八十九", "pan"),
        Segment("4", 4000, "大家晚上好 今天九十九块", None),
    ]
    found = told(heard, {"pan": (129, "CNY"), "cup": (79, "CNY")})
    assert found.keys() == {"pan", "cup"}
    kinds = {each.point.kind: (each.segment, each.ts, each.point.value, each.point.currency) for each in found["pan"]}
    assert kinds["price"] == ("3", 3000, 89, "CNY")
    assert kinds["usual_price"] == ("1", 1000, 129, "CNY")
    assert [each.point.words for each in found["pan"]][-1] == "平时一百二十九"


def test_no_more_points_are_kept_than_asked_for_and_none_twice() -> None:
    heard = [Segment(str(at), at, f"重{at}克 不含酒精的", "a") for at in range(100, 120)]
    found = told(heard, {}, most=4)["a"]
    assert len(found) == 4
    assert len({each.point.words for each in found}) == 4


@given(st.text("今天卖送一二百块九号链接不含酒精ＡbcＤ fifteen dollars today.,９", max_size=60), st.sampled_from([None, 9.0, 129.0]))
def test_words_are_verbatim_and_stand_where_they_say(text: str, listed: float | None) -> None:
    for point in points(text, listed):
        assert text[point.start : point.end] == point.words
        assert point.words.strip()
