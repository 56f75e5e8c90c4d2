from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.points.claims import read_claims
from streamrec.understanding.points.grounding import sources, ungrounded
from streamrec.understanding.points.points import points
from streamrec.understanding.points.writer import template
from tests.understanding.answers.asking import KETTLE, LAMP

CLAIMS = read_claims()


@pytest.mark.parametrize(
    "text",
    [
        "容量1.7L，保修两年。",
        "它的内胆是304不锈钢，水开自动断电",
        "颜色有白、墨绿",
        "功率为1800W",
    ],
)
def test_what_the_item_says_is_grounded(text: str) -> None:
    assert ungrounded(text, sources(KETTLE, CLAIMS), CLAIMS) == []


def test_english_is_grounded_word_by_word() -> None:
    told = sources(LAMP, CLAIMS)
    assert ungrounded("It folds flat for travel. The battery life is 20 hours, and it charges over USB-C in two hours.", told, CLAIMS) == []
    assert ungrounded("GlowLeaf, with a warranty of 1 year", told, CLAIMS) == []


@pytest.mark.parametrize(
    "text",
    [
        "容量1.8L",
        "容量1.7kg",
        "容量1.7",
        "功率1.7L",
        "保修三年",
        "内胆316不锈钢",
        "水开不自动断电",
        "德国品牌",
        "颜色有红",
        "加热很快",
        "可以治疗失眠",
        "容量1.7L，是最好的水壶",
        "不是304不锈钢",
    ],
)
def test_what_the_item_does_not_say_is_not_grounded(text: str) -> None:
    assert ungrounded(text, sources(KETTLE, CLAIMS), CLAIMS)


@pytest.mark.parametrize(
    "text",
    [
        "The battery life is 24 hours",
        "20 years of battery life",
        "It never charges",
        "made by Philips",
        "the best lamp",
        "bright",
        "1 year battery",
    ],
)
def test_english_that_the_item_does_not_say_is_not_grounded(text: str) -> None:
    assert ungrounded(text, sources(LAMP, CLAIMS), CLAIMS)


def test_what_a_negation_denies_may_not_move() -> None:
    from msgspec.structs import replace

    item = replace(LAMP, description="Leak resistant, not leak proof.")
    told = sources(item, CLAIMS)
    assert ungrounded("not leak proof", told, CLAIMS) == []
    assert ungrounded("leak proof", told, CLAIMS)
    assert ungrounded("not leak resistant", told, CLAIMS)


@given(st.integers(0, 10_000), st.sampled_from(["L", "W", "厘米", "年", "kg", ""]))
def test_no_number_is_grounded_but_those_of_the_item_with_their_units(number: int, unit: str) -> None:
    found = ungrounded(f"容量{number}{unit}", sources(KETTLE, CLAIMS), CLAIMS)
    assert bool(found) != ((f"{number}", unit) == ("1.7", "L"))


@pytest.mark.parametrize(("item", "language"), [(KETTLE, "zh"), (LAMP, "en"), (LAMP, "es"), (LAMP, "vi"), (KETTLE, "en")])
def test_templates_are_grounded_in_every_language(item: object, language: str) -> None:
    chosen = points(item, CLAIMS, language, most=9)  # type: ignore[arg-type]
    assert ungrounded(template(chosen, language), sources(item, CLAIMS), CLAIMS) == []  # type: ignore[arg-type]
