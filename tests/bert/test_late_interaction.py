from __future__ import annotations

from typing import Literal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streamrec.bert import late_interaction as late_module
from streamrec.bert.late_interaction import LateInteraction
from streamrec.bert.runtime import Arrays
from streamrec.catalogue.prefix import CLS, SEP
from streamrec.catalogue.text import ItemSides

DIM, ITEM, USER = 8, 4, 6
TABLE = np.random.default_rng(0).standard_normal((2, 50, DIM)).astype(np.float32)


class States:
    """A state is a row of a table, by token and token type; padding has none."""

    provider = "none"
    device: Literal["cpu", "cuda"] = "cpu"
    remark = ""

    def run(self, feeds: Arrays) -> np.ndarray:
        return TABLE[feeds["token_type_ids"], feeds["input_ids"]] * feeds["attention_mask"][:, :, None].astype(np.float32)


class MaxSim:
    """The sum over the user's tokens of the nearest of the item's."""

    provider = "none"
    device: Literal["cpu", "cuda"] = "cpu"
    remark = ""

    def run(self, feeds: Arrays) -> np.ndarray:
        users = feeds["user_states"][feeds["user_of_pair"]]
        near = np.einsum("pud,pid->pui", users, feeds["item_states"]) + (feeds["item_mask"][:, None, :] - 1) * 1e4
        return (near.max(axis=2) * feeds["user_mask"][feeds["user_of_pair"]]).sum(axis=1)


def expected(user: np.ndarray, item: np.ndarray) -> float:
    one, other = (np.array([CLS, *row[row > 0], SEP]) for row in (user, item))
    return float((TABLE[0, one] @ TABLE[1, other].astype(np.float16).astype(np.float32).T).max(axis=1).sum())


def right_padded(rows: np.ndarray) -> np.ndarray:
    return np.take_along_axis(rows, np.argsort(rows == 0, axis=1, kind="stable"), axis=1)


@given(
    arrays(np.int32, (5, USER), elements=st.integers(0, 49)),
    arrays(np.int32, (7, ITEM), elements=st.integers(0, 49)),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=30),
    st.integers(1, 9),
)
def test_a_pair_scores_the_same_whatever_is_scored_with_it(
    users: np.ndarray, items: np.ndarray, pairs: list[tuple[int, int]], at_once: int
) -> None:
    users, items = right_padded(users), right_padded(items)
    late = LateInteraction(States(), MaxSim(), ITEM, token_budget=20)
    states = late.item_states(items)
    assert states.shape == (7, ITEM + 2, DIM)
    chosen, things = (np.array(column, np.intp) for column in zip(*pairs, strict=True))
    before, late_module.PAIRS_AT_ONCE = late_module.PAIRS_AT_ONCE, at_once
    try:
        scores = late.score(users, ItemSides(items, states, np.arange(1, 8)), things, chosen)
    finally:
        late_module.PAIRS_AT_ONCE = before
    wanted = [expected(users[user], items[item]) for user, item in pairs]
    np.testing.assert_allclose(scores, wanted, atol=1e-3)
