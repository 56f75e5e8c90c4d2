"""The item on air is told by what the host says."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.host.on_air import KEPT_MS, MOST_KEPT, Hearing, OnAir
from streamrec.understanding.host.shelf import Shelf
from tests.understanding.host.told import START_MS, accuracy, hear, item, misheard, said

SHELF = Shelf(
    [
        item("pan", "麦石不粘炒锅32cm家用带盖", 129, "锅具", 口径="32cm"),
        item("cup", "暖芯316不锈钢保温杯500ml", 69, "水杯", 容量="500ml"),
        item("quilt", "云朵大豆纤维冬被200x230", 259, "床品"),
        item("lamp", "北辰护眼台灯学生宿舍充电款", 88.5, "灯具"),
        item("kettle", "沸点电热水壶1.7升", 79, "厨房电器"),
    ]
)


def after(*texts: str) -> str | None:
    """What is on air after these segments, half a minute apart."""
    _, heard = hear(SHELF, [said(text, 30 * at) for at, text in enumerate(texts)])
    return heard[-1].on_air


@pytest.mark.parametrize("room", ["clothes", "cosmetics", "baby", "pets", "farm", "camping"])
def test_rooms_that_hosts_tell_are_followed(room: str) -> None:
    right, delay = accuracy(room)
    assert right >= 0.9
    assert delay <= 1


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("room", ["clothes", "baby", "farm"])
def test_a_room_is_followed_through_homophones(room: str, seed: int) -> None:
    assert accuracy(room, misheard(seed))[0] >= 0.8


def test_a_recogniser_that_writes_no_breaths_is_followed() -> None:
    assert accuracy("clothes", lambda text: text.replace(" ", ""))[0] >= 0.9


@pytest.mark.parametrize("text", ["来看二号链接", "二号 今天给大家福利", "2号链接", "第二个链接", "二好链接 看一下", "链接二"])
def test_a_number_announces_an_item(text: str) -> None:
    assert after("一号链接炒锅", text) == "cup"


@pytest.mark.parametrize("text", ["接下来这个保温杯", "接下来保问杯", "下一款 暖心的 三一六的杯子 五百毫升"])
def test_a_name_announces_an_item_however_it_is_spelt(text: str) -> None:
    assert after("一号链接炒锅", text) == "cup"


@pytest.mark.parametrize(
    ("text", "title"), [("okay this yoga mat is so soft", "加厚防滑瑜伽垫"), ("接下来这个充电宝", "PowerBee Power Bank 20000mAh")]
)
def test_an_item_is_known_by_its_kind_in_another_language(text: str, title: str) -> None:
    shelf = Shelf([item("pan", "麦石不粘炒锅"), item("meant", title), item("cup", "暖芯保温杯")])
    assert hear(shelf, [said(text), said(text, 30)])[1][-1].on_air == "meant"


@pytest.mark.parametrize("text", ["是的 稻花香二号品种", "十二月二号发货", "二号色也好看", "两百二号楼下自提"])
def test_a_number_of_something_else_announces_nothing(text: str) -> None:
    assert after("一号链接炒锅", "不粘的", text) == "pan"


def test_nothing_is_on_air_before_an_item_is_named() -> None:
    assert after("大家晚上好 欢迎来到直播间") is None
    assert after("今天天气不错啊", "我先喝口水") is None


def test_an_item_stays_on_air_while_the_host_tells_of_it() -> None:
    assert after("一号链接炒锅", "电磁炉也能用的", "不用放油", "一百二十九 今天九十九") == "pan"


def test_a_word_of_thanks_takes_no_item_off_the_air_and_a_farewell_does() -> None:
    talk = [said("一号链接炒锅"), said("三十二厘米的", 8), said("谢谢家人们的关注", 16), said("不粘的", 24)]
    assert [heard.on_air for heard in hear(SHELF, talk)[1]] == ["pan"] * 4
    assert after("一号链接炒锅", "三十二厘米的", "今天就到这里 谢谢大家 明天见 拜拜") is None


@pytest.mark.parametrize("text", ["这个比二号小一半", "跟刚才那个保温杯不一样啊", "等下给你们上保温杯 二号的", "有宝宝问保温杯 先不急"])
def test_what_is_compared_announced_for_later_or_asked_about_is_not_on_air(text: str) -> None:
    assert after("一号链接炒锅", "这个锅三十二厘米的", text) == "pan"


def test_the_price_of_an_item_and_its_size_tell_of_it() -> None:
    assert after("来看这个", "二百五十九", "被芯两百乘两百三 二百五十九啊") == "quilt"


def test_the_next_one_is_likelier_the_next_of_the_shelf() -> None:
    state, _ = hear(SHELF, [said("一号链接炒锅"), said("来下一款 这个我自己也在用", 30)])
    shares = dict(state.now.shares)
    assert shares["cup"] > shares["lamp"]


def test_it_counts_since_when_and_what_was_shown_before() -> None:
    state, heard = hear(SHELF, [said("一号链接炒锅", 5), said("不粘的", 30), said("四号链接台灯", 60), said("二号链接保温杯", 90)])
    assert [found.changed for found in heard] == [True, False, True, True]
    assert [found.since - START_MS for found in heard] == [5000, 5000, 60_000, 90_000]
    assert state.now.shown == ["lamp", "pan"]


def test_orders_alone_put_nothing_on_air_and_support_what_is_said() -> None:
    state = Hearing()
    for second in range(50):
        state, heard = OnAir().order(state, "lamp", START_MS + second * 1000, SHELF)
        assert heard.on_air is None
    assert len(state.kept) == 1
    with_orders, _ = hear(SHELF, [said("台灯", 51)], state)
    without, _ = hear(SHELF, [said("台灯", 51)])
    assert dict(with_orders.now.shares)["lamp"] > dict(without.now.shares)["lamp"]


def test_an_order_of_what_is_not_on_the_shelf_changes_nothing() -> None:
    assert OnAir().order(Hearing(), "unknown", START_MS, SHELF)[0] == Hearing()


def test_a_revision_replaces_what_was_heard_and_an_older_one_does_not() -> None:
    wrong = [said("一号链接炒锅"), said("四号链接台灯", 30, "s"), said("特别好用", 60)]
    state, heard = hear(SHELF, wrong)
    assert heard[-1].on_air == "lamp"
    revised, heard = hear(SHELF, [said("二号链接保温杯", 30, "s", revision=1)], state)
    assert heard[-1].on_air == "cup"
    assert heard[-1].since == START_MS + 30_000
    right, _ = hear(SHELF, [wrong[0], said("二号链接保温杯", 30, "s"), wrong[2]])
    assert revised.now == right.now
    assert hear(SHELF, [wrong[1], said("四号链接台灯", 30, "s", revision=1)], revised)[0] == revised


def test_a_segment_that_comes_late_takes_its_place() -> None:
    late, early = said("四号链接台灯", 30), said("一号链接炒锅")
    assert hear(SHELF, [late, early])[0].now == hear(SHELF, [early, late])[0].now


def test_what_is_older_than_the_kept_minutes_is_ignored() -> None:
    state, _ = hear(SHELF, [said("一号链接炒锅"), *(said("好用", second) for second in range(30, 3 * KEPT_MS // 1000, 30))])
    assert all(kept.ts >= state.now.ts - KEPT_MS for kept in state.kept)
    assert hear(SHELF, [said("四号链接台灯", 1, "late")], state)[0] == state


def test_an_item_that_left_the_shelf_is_not_on_air() -> None:
    state, _ = hear(SHELF, [said("四号链接台灯")])
    left = Shelf([item("pan", "炒锅"), item("cup", "保温杯")])
    assert hear(left, [said("嗯", 30)], state)[1][0].on_air is None


def test_a_place_of_an_unknown_item_can_be_announced_by_its_number() -> None:
    shelf = Shelf([item("pan", "炒锅"), None], ["pan", "unknown"])
    assert hear(shelf, [said("二号链接")])[1][0].on_air == "unknown"


def test_an_empty_shelf_has_nothing_on_air() -> None:
    assert hear(Shelf([]), [said("一号链接炒锅")])[1][0].on_air is None


_PHRASES = ["一号链接", "二号", "炒锅", "下一款", "保温杯", "欢迎关注", "一百二十九", "比台灯好", "", "五百毫升"]
_TEXTS = st.lists(st.sampled_from(_PHRASES), max_size=5)
_HEARD = st.lists(st.tuples(_TEXTS, st.integers(0, 2000), st.integers(0, 30), st.integers(0, 3)), max_size=60)


@given(_HEARD)
def test_whatever_is_heard_the_state_is_plain_bounded_data(heard: list[tuple[list[str], int, int, int]]) -> None:
    state, found = hear(SHELF, [said(" ".join(texts), at, f"s{segment}", revision) for texts, at, segment, revision in heard])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Hearing) == state
    assert len(state.kept) <= MOST_KEPT
    assert sum(share for _, share in state.now.shares) <= 1.001
    assert all(each.on_air is None or each.on_air in SHELF.place_of for each in found)
    assert all(0 <= each.confidence <= 1 for each in found)
