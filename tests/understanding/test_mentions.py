"""A danmaku names items by shelf position or by the words of their titles, in any language."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.mentions import TitleIndex, positions
from streamrec.understanding.words import words

TITLES = ["RED RETROSPOT MUG", "BLUE POLKADOT MUG", "HEART T-LIGHT HOLDER", "红色套装卫衣", "真皮女士手提包包", "焦糖色针织毛衣"]


@pytest.fixture
def index() -> TitleIndex:
    made = TitleIndex()
    for slot, title in enumerate(TITLES):
        made.put(slot, title)
    return made


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("is the retrospot mug dishwasher safe?", 0),
        ("BLUE polkadot MUGS please", 1),
        ("I want the t-light holder with the heart", 2),
        ("红色套装卫衣有大码吗", 3),
        ("手提包包多少钱", 4),
    ],
)
def test_title_words_name_the_item(index: TitleIndex, text: str, slot: int) -> None:
    found = index.mentions(text)
    assert max(found, key=lambda each: found[each]) == slot


@pytest.mark.parametrize("text", ["hello everyone", "多少钱", "666", "", "so beautiful!!!"])
def test_chatter_names_nothing(index: TitleIndex, text: str) -> None:
    assert index.mentions(text) == {}


def test_a_word_that_many_titles_share_does_not_name_an_item(index: TitleIndex) -> None:
    assert index.mentions("what a mug") == {}


POSITIONS = {
    "number 3 please": [3],
    "3号链接": [3],
    "#12": [12],
    "三号多少钱": [3],
    "link 2 or no. 4": [2, 4],
    "链接5": [5],
    "3 of them": [],
    "0号": [],
}


@pytest.mark.parametrize(("text", "found"), POSITIONS.items())
def test_shelf_positions_are_read(text: str, found: list[int]) -> None:
    assert positions(text) == found


def test_a_position_means_the_item_on_the_shelf(index: TitleIndex) -> None:
    shelf = np.array([4, 1], np.int32)
    assert index.mentions("2号", shelf) == {1: 1.0}
    assert index.mentions("9号", shelf) == {}


def test_with_a_shelf_only_its_items_are_meant(index: TitleIndex) -> None:
    assert index.mentions("retrospot mug", np.array([1, 2], np.int32)) == {}


def test_a_removed_title_is_named_no_more(index: TitleIndex) -> None:
    index.remove(0)
    assert index.mentions("retrospot") == {}


def test_an_item_named_by_half_of_its_title_is_named_outright_and_one_named_less_counts_less(index: TitleIndex) -> None:
    assert index.mentions("红色套装") == {3: 1.0}
    both = index.mentions("手提包包, retrospot mug")
    assert both[0] == 1.0
    assert 0.34 < both[4] < 1.0


@given(st.text(max_size=200))
def test_any_text_is_cut_into_words_without_spaces(text: str) -> None:
    assert all(word and not any(char.isspace() for char in word) for word in words(text))


def test_plurals_and_accents_do_not_matter() -> None:
    assert words("Cafés glass") == ["cafe", "glass"]
