"""A danmaku names shelf positions in digits of any script and in Chinese numerals; what only looks like a position names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.positions import bare, positions
from streamrec.understanding.words import fold

NAMED = {
    "number 3 please": [3],
    "3号链接": [3],
    "#12": [12],
    "三号多少钱": [3],
    "link 2 or no. 4": [2, 4],
    "链接5": [5],
    "要十二号": [12],
    "二十一号链接": [21],
    "第十五号": [15],
    "1003号": [1003],
    "3號": [3],
    "③号": [3],
    "㉑号": [21],
    "㊂号": [3],
    "⑫號連結": [12],
    "3️⃣号": [3],
    "３号": [3],
    "＃１２": [12],
    "№12": [12],
    "No.12好看": [12],
    "item12多少钱": [12],
    "要item 12": [12],
    "#١٢": [12],
    "item ३": [3],
    "第三款": [3],
    "第 3 个": [3],
    "第十件": [10],
    "12链接": [12],
    "链接五": [5],
    "编号：7": [7],
    "两号": [2],
    "俩号": [2],
    "廿三号": [23],
    "拾贰号": [12],
    "一百零三号": [103],
    "一百二号": [120],
    "一百十二号": [112],
    "二〇三号": [203],
    "1号和二号": [1, 2],
    "1和3号都要": [1, 3],
    "1、3、5号": [1, 3, 5],
    "第六个和第七个": [6, 7],
    "14号那个": [14],
    "number eight, take my money": [8],
    "the third one": [3],
    "the 3rd one": [3],
    "quiero el numero ocho": [8],
    "lay so 3": [3],
    "เบอร์ 5": [5],
    "नंबर 3": [3],
    "رقم 3": [3],
    "номер 7": [7],
    "3번 주세요": [3],
}
NOT_NAMED = [
    "3 of them", "0号", "零号", "3件", "三款", "两件", "12月3号", "三月十二号", "1.3号", "1,003号", "1½号",
    "5号电池", "3号色", "十号线", "X3号", "number 12.5", "item 3rd", "#3d", "casino 3", "number 12%", "#123456", "",
    "今天12月3号了吗", "3号晚上8点还播不", "我妈生日是13号", "6号楼改成16号楼", "17号之前能到吗", "我1号生日", "明天3号", "order #40312",
    "my number is 555", "我是第一个", "我是第51单", "phone number 5",
    "i live at number 3", "row 3", "number 3 on the waitlist", "i'm number 3", "number 1 fan", "seat number 4",
    "我住3号", "排到3号了", "3号座", "3号仓发货",
    "百号人", "十几号", "三四号", "十二三号", "3十号", "十3号", "一万三号", "第一次", "链接一样吗", "链接一直打不开",
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), NAMED.items())
def test_shelf_positions_are_read(text: str, found: list[int]) -> None:
    assert positions(fold(text)) == found


@pytest.mark.parametrize("text", NOT_NAMED)
def test_what_is_no_shelf_position_names_none(text: str) -> None:
    assert positions(fold(text)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i'll have 20", [20]),
        ("can i get 9 please", [9]),
        ("is 13 good quality", [13]),
        ("is 6 or 5 better", [6, 5]),
        ("got 7", [7]),
        ("i want 8 not 5", [8, 5]),
        ("swap 15 for 1", [15, 1]),
        ("change my order to 5", [5]),
        ("show me 4 again", [4]),
        ("要20", [20]),
        ("13质量怎么样", [13]),
        ("1换5", [1, 5]),
        ("quiero el 5", [5]),
        ("cho em xem 5", [5]),
    ],
)
def test_numbers_alone_are_shelf_positions_beside_words_that_take_or_judge_items(text: str, found: list[int]) -> None:
    assert [position.number for position in bare(text)] == found


COUNTED = [
    "i'll take 2", "i need 20 of them", "i have 2 kids", "i'm 25", "it's 7 here", "is 20 the price", "can i get 20 off", "got 8 yesterday",
    "is 20 good price", "i want 8oz", "i want 8.5", "要5个", "拍了2单", "我158", "买20减5", "el 5 de mayo",
]  # fmt: skip


@pytest.mark.parametrize("text", COUNTED)
def test_numbers_that_count_or_measure_are_no_shelf_positions(text: str) -> None:
    assert bare(text) == []


def test_in_a_comment_of_sizes_only_what_is_changed_is_a_shelf_position() -> None:
    assert bare("i want 38", of_sizes=True) == []
    assert [position.number for position in bare("swap 3 for 6", of_sizes=True)] == [3, 6]


@given(st.integers(1, 999))
def test_every_chinese_numeral_is_the_number_that_it_writes(number: int) -> None:
    assert positions(fold(f"我要{_chinese(number)}号链接")) == [number]


@given(st.text(max_size=500))
def test_any_text_names_whole_positions_from_one_on(text: str) -> None:
    assert all(position >= 1 for position in positions(fold(text)))


def _chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if number < 20 else f"{digits[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")
