"""Why an item is in a list, in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from streamrec.events.types import RankedItem
from streamrec.reasons import BY_CODE, in_words

TITLES = {"i1": "RED {MUG}"}


def ranked(*codes: str, **facts: Any) -> RankedItem:
    return RankedItem(item_id="i0", rank=1, score=0.0, scores={}, reasons=list(codes), **facts)


def test_a_sentence_names_the_facts_that_are_known() -> None:
    assert in_words(ranked("bought_together", because="i1"), TITLES) == ["People who took RED {MUG} took it too."]
    assert in_words(ranked("bought_together", because="i9"), TITLES) == ["People who took i9 took it too."]
    assert in_words(ranked("bought_together"), TITLES) == ["People who took your recent items took it too."]
    assert in_words(ranked("popular_this_week", bought_7d=12), TITLES, "zh") == ["这周约有12人买了它。"]


def test_a_rule_is_named_and_an_unknown_code_stands_for_itself() -> None:
    assert in_words(ranked("rule:summer:1", "of_tomorrow"), {}) == ["The shop decided so (rule summer:1).", "of_tomorrow"]


@pytest.mark.parametrize("code", BY_CODE)
def test_every_reason_is_a_whole_sentence_in_both_languages_with_the_same_facts(code: str) -> None:
    reason = BY_CODE[code]
    for english, chinese in ((reason.en, reason.zh), (reason.longer_en, reason.longer_zh)):
        assert bool(english) == bool(chinese)
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese))
        if english:
            assert english.endswith(".")
            assert chinese.endswith("。")
            assert re.search(r"[\u4e00-\u9fff]", chinese)
