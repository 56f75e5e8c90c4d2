"""Chinese in letters is heard as Chinese; words of other languages are not."""

from __future__ import annotations

import pytest

from streamrec.understanding.normalise import normalise
from streamrec.understanding.spelt import sounds


@pytest.mark.parametrize("text", ["zhege duoshaoqian", "zhe ge duo shao qian", "这个duoshao钱", "这个多少钱"])
def test_letters_are_heard_as_the_characters_are(text: str) -> None:
    heard = tuple(part for part in sounds(normalise(text), "zh") if part != " ")
    assert heard == ("zhe", "ge", "duo", "shao", "qian")


def test_a_word_that_is_no_syllables_stays_as_it_is() -> None:
    assert "".join(sounds(normalise("好 what 多少"), "zh")) == "hao what duoshao"


def test_a_text_of_another_language_is_not_heard_as_chinese() -> None:
    normal = normalise("can women do")
    assert sounds(normal, "en") == normal.pinyin


@pytest.mark.parametrize("text", ["", "a", "…", "123"])
def test_short_texts_have_sounds_too(text: str) -> None:
    assert "".join(sounds(normalise(text), "zh")) == normalise(text).text
