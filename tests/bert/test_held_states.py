"""Item states that lie on a device are those of the catalogue, whatever comes, changes and goes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.bert.folder import LATE_SCORER, SHIPPED
from streamrec.bert.held_states import PUT, TAKE, HeldStates
from streamrec.bert.late_interaction import LateInteraction
from streamrec.bert.model import TextModel
from streamrec.bert.session import OnnxSession
from streamrec.catalogue.encoded import Encoded
from streamrec.catalogue.text import ItemSides

TOKENS, DIM = 3, 32
PROBE = {
    "user_states": np.ones((1, 2, DIM), np.float32),
    "user_mask": np.ones((1, 2), np.int32),
    "item_states": np.ones((1, TOKENS, DIM), np.float32),
    "item_mask": np.ones((1, TOKENS), np.int32),
    "user_of_pair": np.zeros(1, np.int64),
}
scorer = OnnxSession(SHIPPED / LATE_SCORER, "cpu", probe=PROBE)


class Shop:
    """States by slot, which change with their marks."""

    def __init__(self, slots: int) -> None:
        self.dice = np.random.default_rng(slots)
        self.marks = 0
        self.states = np.zeros((0, TOKENS, DIM), np.float16)
        self.read_at = np.zeros(0, np.int64)
        self.grow(slots)

    def grow(self, slots: int) -> None:
        more = slots - len(self.states)
        self.states = np.concatenate([self.states, np.zeros((more, TOKENS, DIM), np.float16)])
        self.read_at = np.concatenate([self.read_at, np.zeros(more, np.int64)])
        self.read(list(range(slots - more, slots)))

    def read(self, slots: list[int]) -> None:
        self.states[slots] = self.dice.standard_normal((len(slots), TOKENS, DIM))
        for slot in slots:
            self.marks += 1
            self.read_at[slot] = self.marks

    def remove(self, slot: int) -> None:
        self.states[slot], self.read_at[slot] = 0, 0

    @property
    def sides(self) -> ItemSides:
        return ItemSides(np.ones((len(self.states), 1), np.int32), self.states, self.read_at)


def agree(held: HeldStates, shop: Shop) -> None:
    slots = shop.dice.integers(0, len(shop.states), 9)
    feeds = {
        "user_states": shop.dice.standard_normal((1, 2, DIM)).astype(np.float32),
        "user_mask": np.ones((1, 2), np.int32),
        "item_mask": np.ones((9, TOKENS), np.int32),
        "user_of_pair": np.zeros(9, np.int64),
    }
    wanted = scorer.run({**feeds, "item_states": shop.states[slots].astype(np.float32)})
    np.testing.assert_array_equal(held.score(feeds, shop.sides, slots), wanted)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["read", "remove", "grow"]), st.integers(0, 400)), max_size=8))
def test_scores_are_those_of_the_states_in_the_catalogue(steps: list[tuple[str, int]]) -> None:
    held, shop = HeldStates(scorer), Shop(40)
    agree(held, shop)
    for step, number in steps:
        if step == "grow":
            shop.grow(len(shop.states) + number)
        elif step == "read":
            shop.read(sorted({number % len(shop.states), number // 7 % len(shop.states)}))
        else:
            shop.remove(number % len(shop.states))
        agree(held, shop)


def test_only_what_was_read_again_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    held, shop = HeldStates(scorer), Shop(40)
    agree(held, shop)
    sent: list[Any] = []
    hold = scorer.hold
    monkeypatch.setattr(scorer, "hold", lambda graph, feeds, *more: sent.append(sorted(feeds)) or hold(graph, feeds, *more))
    agree(held, shop)
    shop.read([3, 17])
    agree(held, shop)
    agree(held, shop)
    assert sent == [["slots"], ["slots", "states"], ["slots"], ["slots"]]


def test_two_tables_of_one_model_do_not_mix() -> None:
    held, one, other = HeldStates(scorer), Shop(40), Shop(60)
    other.read_at += 1000
    for shop in (one, other, one, other):
        agree(held, shop)


def test_late_interaction_scores_the_same_from_held_states_at_every_length_and_number_of_pairs() -> None:
    model = TextModel.load(device="cpu", late=True)
    table = Encoded(model)
    titles = [" ".join(["red mug", "garden", "lamp"][: 1 + number % 3] * (1 + number % 5)) for number in range(30)]
    table.update(titles, range(30))
    users = model.tokenize(["garden lamp", "mug for tea and one more", "红色的杯子"], model.max_user_tokens)
    slots = np.random.default_rng(0).integers(0, 30, 70)
    whose = np.random.default_rng(1).integers(0, 3, 70)
    plain = model.late_score(users, table.sides, slots, whose)
    late = model._late
    assert late is not None
    own: Any = late._scorer
    holding = LateInteraction(late._encoder, own, model.max_item_tokens, 1536, HeldStates(own))
    np.testing.assert_allclose(holding.score(users, table.sides, slots, whose), plain, atol=1e-4)
    table.update(["another title", *titles[1:]], [0])
    np.testing.assert_allclose(
        holding.score(users, table.sides, slots, whose), model.late_score(users, table.sides, slots, whose), atol=1e-4
    )


def test_the_graphs_are_what_the_comment_says() -> None:
    onnx = pytest.importorskip("onnx")
    assert [node.op_type for node in onnx.load_from_string(TAKE).graph.node] == ["Gather", "Cast"]
    assert [node.op_type for node in onnx.load_from_string(PUT).graph.node] == ["ScatterND"]
