"""What a comment praises or complains of is told in several languages."""

from __future__ import annotations

import pytest

from streamrec.understanding.aspects import ASPECTS, aspects
from streamrec.understanding.normalise import normalise


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("质量真的好，尺码也准", ["size", "quality"]),
        ("怎么还不发货", ["delivery"]),
        ("客服态度太差", ["service"]),
        ("It fits perfectly and looks great", ["size", "show"]),
        ("Broke after two days, no refund", ["quality", "service"]),
        ("llegó tarde el paquete", ["delivery"]),
        ("chất lượng tệ mà giá đắt", ["quality", "price"]),
        ("又没货了", ["stock"]),
        ("hello everyone", []),
    ],
)
def test_what_people_speak_of(text: str, about: list[str]) -> None:
    assert aspects(normalise(text).text) == about


def test_a_word_within_another_is_none() -> None:
    assert aspects("outfitted in a priceless shipyard") == []


def test_every_aspect_is_known_by_some_word() -> None:
    assert set(aspects("size quality delivery price stock service looks")) == set(ASPECTS)
