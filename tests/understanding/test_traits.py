"""Traits of comments: equal wherever a comment stands, near for spellings that sound alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.understanding.expressions import kinds, words
from streamrec.understanding.marks import marks
from streamrec.understanding.normalise import normalise
from streamrec.understanding.spelt import sounds
from streamrec.understanding.traits import LONGEST, Traits, traits

BUCKETS = 1 << 16
TEXTS = st.lists(st.text(max_size=30), min_size=1, max_size=5)


def of(*texts: str) -> Traits:
    return traits([normalise(text) for text in texts], ["und"] * len(texts), BUCKETS)


def told(text: str) -> set[str]:
    normal = normalise(text)
    return set(kinds(normal.text, sounds(normal, "und"), words(normal.text)))


@given(TEXTS)
def test_traits_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    together = of(*texts)
    for row, text in enumerate(texts):
        own, alone = slice(together.starts[row], together.starts[row + 1]), of(text)
        assert np.array_equal(together.buckets[own], alone.buckets)
        assert np.allclose(together.values[own], alone.values)


@given(TEXTS)
def test_every_text_has_traits_below_the_number_of_buckets_with_values_of_length_one(texts: list[str]) -> None:
    found = of(*texts)
    assert len(found) == len(texts)
    assert (np.diff(found.starts) > 0).all()
    assert ((found.buckets >= 0) & (found.buckets < BUCKETS)).all()
    assert np.allclose(np.add.reduceat(found.values**2, found.starts[:-1]), 1, atol=1e-4)


def test_a_text_is_read_up_to_a_bound() -> None:
    assert np.array_equal(of("好" * LONGEST).buckets[:1], of("好" * LONGEST + "坏").buckets[:1])
    assert len(of("ab " * 10_000).buckets) < 20 * LONGEST


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("多少钱啊", "says ask_how_much"),
        ("多烧钱啊", "sounds ask_how_much"),
        ("duoshaoqian", "sounds ask_how_much"),
        ("duo shao qian a", "sounds ask_how_much"),
        ("How much is it", "says ask_how_much"),
        ("сколько стоит доставка", "says ask_delivery"),
        ("доставку", "says ask_delivery"),
        ("สวยมาก", "says like"),
        ("i don't like it", "says not like"),
    ],
)
def test_expressions_tell_their_kind(text: str, kind: str) -> None:
    assert kind in told(text)


def test_an_expression_within_a_longer_one_is_a_part_of_that() -> None:
    assert "says dislike" in told("不好看")
    assert not {"says like", "says not like"} & told("不好看")


def test_an_expression_within_a_word_is_none() -> None:
    assert told("sizeable") == told("brumble")


@pytest.mark.parametrize(
    ("text", "mark"),
    [("真的?", "question"), ("¥99", "money"), ("@lux_1", "handle"), ("❤", "emoji love"), ("123", "only digits"), ("。。。", "no letters")],
)
def test_marks_tell_what_no_word_does(text: str, mark: str) -> None:
    assert mark in set(marks(normalise(text)))


def test_traits_of_some_texts_are_those_of_the_texts_alone() -> None:
    chosen, alone = of("red", "how much", "多少钱").take(np.array([2, 0])), of("多少钱", "red")
    assert np.array_equal(chosen.buckets, alone.buckets)
    assert np.array_equal(chosen.starts, alone.starts)
    assert np.allclose(chosen.values, alone.values)
