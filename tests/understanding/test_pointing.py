"""A comment that names nothing is about the item on air, unless it is about the host, the studio, the weather or the viewer's own day."""

from __future__ import annotations

import pytest

from streamrec.understanding.normalise import normalise
from streamrec.understanding.pointing import about_what_is_on_air

ABOUT = [
    ("会掉色吗", "ask_quality"),
    ("主播 会掉色吗", "ask_quality"),
    ("老板 质量怎么样", "ask_quality"),
    ("孩子能枕吗", "ask_quality"),
    ("我妈用着挺好", "praise"),
    ("上班穿合适吗", "ask_quality"),
    ("主播看下细节", "ask_show"),
    ("does it itch", "ask_quality"),
    ("would this work for my dad", "ask_quality"),
    ("my mom has this", "praise"),
    ("can i use it outside", "ask_quality"),
    ("para mi mamá sirve?", "ask_quality"),
    ("mẹ em dùng được không", "ask_quality"),
]
ASIDE = [
    ("老板娘是哪里人", "ask_quality"),
    ("主播声音好好听", "praise"),
    ("你睡了几个小时", "ask_quality"),
    ("我家猫又打翻水了", "complaint"),
    ("补光灯换了吗", "ask_quality"),
    ("这歌叫什么", "ask_quality"),
    ("今天12月3号了吗", "ask_quality"),
    ("你那边下雨了没", "ask_quality"),
    ("明天考试好慌", "complaint"),
    ("this song is so good", "praise"),
    ("your voice is soothing", "praise"),
    ("the lighting is weird", "complaint"),
    ("my roommate is so loud", "complaint"),
    ("is it snowing there", "ask_quality"),
    ("i have exams tomorrow", "complaint"),
    ("hace frío", "complaint"),
    ("el audio está mal", "complaint"),
    ("đèn chói quá", "complaint"),
]


@pytest.mark.parametrize(("text", "intents"), ABOUT)
def test_a_bare_comment_about_goods_is_about_the_item_on_air(text: str, intents: str) -> None:
    assert about_what_is_on_air(normalise(text).text, frozenset(intents.split()), "")


@pytest.mark.parametrize(("text", "intents"), ASIDE)
def test_chat_is_not_about_the_item_on_air_whatever_a_model_takes_it_for(text: str, intents: str) -> None:
    assert not about_what_is_on_air(normalise(text).text, frozenset(intents.split()), "")
