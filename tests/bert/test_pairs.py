import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamrec.bert.pairs import length_batches, pair_inputs, text_inputs
from streamrec.catalogue.prefix import CLS, SEP


def test_a_pair_is_user_then_item_with_their_token_types() -> None:
    feeds = pair_inputs(np.array([[11, 12, 0], [0, 0, 0]], np.int32), np.array([[21, 0], [22, 23]], np.int32))
    assert feeds["input_ids"].tolist() == [[CLS, 11, 12, SEP, 21, SEP], [CLS, SEP, 22, 23, SEP, 0]]
    assert feeds["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0]]
    assert feeds["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]]


def test_a_text_stands_between_its_marks() -> None:
    feeds = text_inputs(np.array([[11, 0, 0], [12, 13, 0]], np.int32))
    assert feeds["input_ids"].tolist() == [[CLS, 11, SEP, 0], [CLS, 12, 13, SEP]]
    assert feeds["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert not feeds["token_type_ids"].any()


@given(st.lists(st.integers(1, 67), max_size=80), st.integers(1, 500))
def test_batches_hold_every_row_once_within_the_token_budget(lengths: list[int], budget: int) -> None:
    array = np.array(lengths, np.intp)
    batches = list(length_batches(array, budget))
    assert sorted(np.concatenate([*batches, np.array([], np.intp)]).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or array[batch].max() * len(batch) <= budget
