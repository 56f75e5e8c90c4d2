import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrec.bert.pairs import length_batches, pair_inputs, text_inputs
from streamrec.catalogue.prefix import CLS, SEP


def test_a_pair_is_user_then_item_with_their_token_types() -> None:
    feeds = pair_inputs(np.array([[11, 12, 0], [0, 0, 0]], np.int32), np.array([[21, 0], [22, 23]], np.int32))
    assert feeds["input_ids"].tolist() == [[CLS, 11, 12, SEP, 21, SEP], [CLS, SEP, 22, 23, SEP, 0]]
    assert feeds["token_type_ids"].tolist() == [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0]]
    assert feeds["attention_mask"].tolist() == [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]]


@given(users=st.integers(1, 4), pairs=st.integers(0, 12), seed=st.integers(0, 99))
def test_pairs_of_few_users_are_those_of_each_alone(users: int, pairs: int, seed: int) -> None:
    dice = np.random.default_rng(seed)

    def texts(count: int, width: int) -> NDArray[np.int32]:
        lengths = dice.integers(0, width + 1, count)
        return np.where(np.arange(width) < lengths[:, None], dice.integers(5, 99, (count, width)), 0).astype(np.int32)

    sides, items, whose = texts(users, 7), texts(pairs, 5), dice.integers(0, users, pairs)
    feeds = pair_inputs(sides, items, whose)
    for row, (user, item) in enumerate(zip(sides[whose], items, strict=True)):
        first, second = [CLS, *user[user > 0].tolist(), SEP], [*item[item > 0].tolist(), SEP]
        rest = feeds["input_ids"].shape[1] - len(first) - len(second)
        assert feeds["input_ids"][row].tolist() == [*first, *second, *[0] * rest]
        assert feeds["token_type_ids"][row].tolist() == [*[0] * len(first), *[1] * len(second), *[0] * rest]
        assert feeds["attention_mask"][row].tolist() == [*[1] * (len(first) + len(second)), *[0] * rest]


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
