"""Titles are of the kind that a reader would say, and words for kinds are found in any language."""

from __future__ import annotations

import pytest

from streamrec.understanding.kinds import kinds
from streamrec.understanding.normalise import normalise

SORTS = {
    ("手机支架桌面懒人支架", "数码配件"): "支架",
    ("微波炉专用饭盒带盖", "饭盒"): "饭盒",
    ("适用于平板的保护壳", ""): "手机壳",
    ("Portable Fan with Phone Stand", "Home"): "fan",
    ("Leather Phone Case for iPhone 15", "Accessories"): "phone case",
    ("Máy xay sinh tố mini cầm tay", "Gia dụng"): "blender",
    ("無線充電寶輕薄", "數碼"): "充电宝",
}


@pytest.mark.parametrize(("record", "word"), SORTS.items())
def test_a_title_is_of_its_kind(record: tuple[str, str], word: str) -> None:
    title, category = record
    sort = kinds().sort(normalise(title).text, normalise(category).text)
    assert sort.main & kinds().rows(word)


@pytest.mark.parametrize(("narrow", "wide"), [("炒锅", "锅"), ("frying pan", "pan"), ("羽绒服", "jacket"), ("sunglasses", "glasses")])
def test_a_kind_is_of_the_wider_kind_that_its_words_end_in(narrow: str, wide: str) -> None:
    assert kinds().wider(narrow) & kinds().rows(wide)
    assert not kinds().wider(wide) >= kinds().rows(narrow)


def test_a_word_of_another_trade_is_of_no_kind_that_it_ends_in() -> None:
    assert not kinds().wider("面包") & kinds().rows("包")
    assert not kinds().wider("火锅") & kinds().rows("锅")


def test_accents_tell_vietnamese_words_apart_and_may_be_left_out() -> None:
    assert not kinds().find("có màu đen không")
    assert [each.word for each in kinds().find("lay tui xach")] == ["tui xach"]


def test_plurals_articles_and_endings_do_not_matter() -> None:
    for text, word in {"two blenders": "blender", "السماعة": "سماعة", "сумку": "сумка"}.items():
        assert [each.rows for each in kinds().find(text)] == [kinds().find(word)[0].rows]
