"""Texts that mean the same come to the same form, whatever they are written with, and Chinese has its sounds beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.normalise import normalise

FORMS = {
    "羽.绒.服": "羽绒服",
    "羽·绒·服多少钱": "羽绒服多少钱",
    "加 微 信 领 福 利": "加微信领福利",
    "w e i x i n": "weixin",
    "F R E E giftcards": "free giftcards",
    "f.r.e.e": "free",
    "我的手机 1 3 8 0 0 0 0": "我的手机 1380000",
    "羽\u200b绒\u2060服": "羽绒服",
    "衝鋒衣還有貨嗎": "冲锋衣还有货吗",
    "１号链接": "1号链接",
    "①号": "1号",
    "٣号": "3号",
    "多少钱多少钱多少钱": "多少钱",
    "哈哈哈哈哈哈": "哈哈",
    "2333333": "233",
    "6666666": "666",
    "soooooo good!!!!": "soo good!",
    "😂😂😂": "😂",
    "👍🏽👍🏿": "👍",
    "  two\n lines ": "two lines",
    "STRASSE Straße": "strasse strasse",
}
KEPT = [
    "10000元", "不要红的", "你好 我要一件", "s m l", "a b", "กระเป๋าสวยมาก",
    "हिंदी किताब", "لا أريد", "giá bao nhiêu vậy", "1.52-1.5", "3,000", "棉-麻", "u.s",
]  # fmt: skip


@pytest.mark.parametrize(("text", "form"), FORMS.items())
def test_ways_to_write_a_text_come_to_one_form(text: str, form: str) -> None:
    assert normalise(text).text == form


@pytest.mark.parametrize("text", KEPT)
def test_what_says_something_stays(text: str) -> None:
    assert normalise(text).text == text


def test_each_chinese_character_has_its_syllable_and_anything_else_stands_for_itself() -> None:
    assert normalise("女裙M码").pinyin == ("nv", "qun", "m", "ma")


def test_words_of_the_same_sound_sound_the_same() -> None:
    assert normalise("羽戎服").pinyin == normalise("羽绒服").pinyin


def test_the_raw_text_stays() -> None:
    assert normalise("羽.绒.服！！！").raw == "羽.绒.服！！！"


@given(st.text(max_size=200))
def test_any_text_has_one_sound_for_each_character(text: str) -> None:
    normal = normalise(text)
    assert len(normal.pinyin) == len(normal.text)
    assert normal.raw == text


@given(st.text(alphabet="羽绒服 要.·a1!哈", max_size=40))
def test_the_form_of_a_text_has_itself_nothing_to_shorten(text: str) -> None:
    once = normalise(text).text
    assert len(normalise(once).text) <= len(once)
