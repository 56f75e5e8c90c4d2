"""Words of items: what they weigh, and that their numbers follow what is in use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.catalogue.lexicon import MOST_WORDS, Lexicon

TITLES = st.lists(st.sampled_from(["red", "mug", "lamp", "口红", "tea", "box"]), max_size=5).map(" ".join)
TEXTS = st.lists(st.tuples(st.integers(0, 6), TITLES))


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    lexicon = Lexicon()
    for slot, text in enumerate(["red mug", "red lamp", "red teapot"]):
        lexicon.put(slot, text)
    red, mug = lexicon.tells()[lexicon.words()[0, :2]].tolist()
    assert mug > red > 0


def test_chinese_is_cut_into_pairs_of_characters() -> None:
    lexicon = Lexicon()
    lexicon.put(0, "哑光口红")
    assert np.count_nonzero(lexicon.words()[0]) == 3


def test_only_the_first_words_of_a_long_text_count() -> None:
    lexicon = Lexicon()
    lexicon.put(0, " ".join(f"word{number}" for number in range(100)))
    assert np.count_nonzero(lexicon.words()[0]) == MOST_WORDS


@given(TEXTS)
def test_whatever_came_and_went_the_weights_are_those_of_the_texts_that_are_there(puts: list[tuple[int, str]]) -> None:
    there: dict[int, str] = {}
    changed = Lexicon()
    for slot, text in puts:
        changed.put(slot, text)
        there[slot] = text
        changed.tells()
    fresh = Lexicon()
    for slot, text in there.items():
        fresh.put(slot, text)
    for slot in there:
        ours, theirs = (sorted(one.tells()[one.words()[slot]].tolist()) for one in (changed, fresh))
        assert ours == pytest.approx(theirs, abs=1e-6)


@given(st.lists(TITLES, min_size=1, max_size=6), st.lists(st.tuples(st.integers(-1, 5), st.sampled_from([0.0, 0.5, 2.0])), max_size=4))
def test_likeness_is_the_cosine_of_weighed_words(titles: list[str], took: list[tuple[int, float]]) -> None:
    lexicon, size = Lexicon(), len(titles)
    for slot, title in enumerate(titles):
        lexicon.put(slot, title)
    items = np.zeros((size, lexicon.size))
    for slot in range(size):
        items[slot, lexicon.words()[slot]] = lexicon.tells()[lexicon.words()[slot]]
    items /= np.maximum(np.linalg.norm(items, axis=1, keepdims=True), 1e-9)
    own = np.array([[slot % size if slot >= 0 else -1 for slot, _ in took]], np.int32)
    weights = np.array([[[weight for _, weight in took]]]).reshape(1, 1, -1)
    profile = sum((weight * items[slot] for slot, weight in zip(own[0], weights[0, 0], strict=True) if slot >= 0), np.zeros(lexicon.size))
    expected = items @ (profile / max(float(np.linalg.norm(profile)), 1e-9))
    found = lexicon.alike(own, weights, np.array([[*range(size), -1]], np.int32))[0, 0]
    assert found == pytest.approx([*expected, 0.0], abs=1e-5)
