"""What made-up viewers write: questions, praise and chatter in English and Chinese, about an item or about nothing."""

from __future__ import annotations

from random import Random
from typing import Literal

Language = Literal["en", "zh"]

ABOUT: dict[Language, tuple[str, ...]] = {
    "en": (
        "how much is number {number}?",
        "number {number} please",
        "can you show number {number} again",
        "is the {words} still there?",
        "love the {words}",
        "the {words} is so cute",
        "does the {words} come in other colours?",
        "just ordered the {words}, can't wait",
        "I want the {words}!!",
        "how big is the {words}",
    ),
    "zh": (
        "{number}号多少钱",
        "{number}号链接",
        "想看{number}号",
        "{words} 还有吗？",
        "{words} 好可爱",
        "主播讲一下 {words}",
        "已经下单 {words} 了，好期待",
        "{words} 质量怎么样",
        "我要 {words}！！",
        "{words} 有别的颜色吗",
    ),
}
CHATTER: dict[Language, tuple[str, ...]] = {
    "en": ("hello everyone", "hi from London", "lol", "nice lighting today", "what time do you finish?"),
    "zh": ("主播好", "来了来了", "哈哈哈", "666", "今天几点下播"),
}


def about(dice: Random, language: Language, title: str, number: int) -> str:
    """A comment about the item called `title` at the position `number` of the shelf."""
    return dice.choice(ABOUT[language]).format(number=number, words=title_words(dice, title))


def chatter(dice: Random, language: Language) -> str:
    """A comment about nothing on the shelf."""
    return dice.choice(CHATTER[language])


def title_words(dice: Random, title: str) -> str:
    """Two neighbouring words of the title, in lower case as viewers write."""
    words = [word for word in title.lower().split() if any(letter.isalnum() for letter in word)] or [title]
    start = dice.randrange(max(1, len(words) - 1))
    return " ".join(words[start : start + 2])
