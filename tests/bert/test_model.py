import threading
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.bert.folder import ModelFolder
from streamrec.bert.model import TextModel
from streamrec.bert.pairs import Feeds
from tests.patience import PATIENCE_S

TITLES = [
    "WHITE HANGING HEART T-LIGHT HOLDER",
    "RED RETROSPOT MUG",
    "JUMBO BAG RED RETROSPOT",
    "SET OF 3 CAKE TINS PANTRY DESIGN",
    "白色心形吊灯",
    "红色波点马克杯 大号",
    "PARTY BUNTING",
    "x",
]
SAID = ["any red mug?", "", "有没有马克杯", "how much is the bunting"]


class Echo:
    """A backend that answers with the number of tokens of every row, or with NaN."""

    provider = "echo"
    device: Literal["cpu", "cuda"] = "cpu"
    remark = ""

    def __init__(self, value: float | None = None) -> None:
        self.batches: list[int] = []
        self.value = value
        self.gate = threading.Event()
        self.gate.set()

    def run(self, feeds: Feeds) -> np.ndarray:
        assert self.gate.wait(PATIENCE_S)
        self.batches.append(len(feeds["input_ids"]))
        lengths = feeds["attention_mask"].sum(axis=1, dtype=np.float32)
        return (lengths if self.value is None else np.full_like(lengths, self.value))[:, None]


def users_of(model: TextModel) -> np.ndarray:
    titles = model.tokenize(TITLES, model.max_item_tokens)
    recent = np.stack([titles[[0, 1, 2]], titles[[3, 4, 5]], titles[[6, 6, 6]] * 0, titles[[7, 0, 3]]])
    return model.prefixes(model.tokenize(SAID, 12), recent)


PAIRS = st.lists(st.tuples(st.integers(0, len(SAID) - 1), st.integers(0, len(TITLES) - 1)), min_size=1, max_size=60)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@settings(max_examples=40, deadline=None)
@given(pairs=PAIRS, budget=st.integers(1, 400))
def test_a_pair_scores_the_same_alone_in_any_batch_and_in_any_order(
    models: dict[str, TextModel], precision: str, pairs: list[tuple[int, int]], budget: int
) -> None:
    uncached = models[precision]
    users, items = users_of(uncached), uncached.tokenize(TITLES, uncached.max_item_tokens)
    chosen, things = (np.array(column, np.intp) for column in zip(*pairs, strict=True))
    alone = [uncached.score(users[[user]], items[[item]], np.zeros(1, np.intp))[0] for user, item in pairs]
    uncached._pairs._budget = budget
    together = uncached.score(users, items[things], chosen)
    np.testing.assert_allclose(together, alone, atol=1e-4)
    backwards = uncached.score(users, items[things[::-1]], chosen[::-1])
    np.testing.assert_allclose(backwards[::-1], alone, atol=1e-4)


def test_int8_ranks_as_fp32_does(models: dict[str, TextModel]) -> None:
    users, items = users_of(models["fp32"]), models["fp32"].tokenize(TITLES, models["fp32"].max_item_tokens)
    every = np.repeat(np.arange(len(users)), len(items)), np.tile(np.arange(len(items)), len(users))
    narrow, wide = (models[precision].score(users, items[every[1]], every[0]) for precision in ("int8", "fp32"))
    assert np.corrcoef(narrow, wide)[0, 1] > 0.999
    assert models["int8"].precision == "int8"


def test_equal_pairs_are_scored_once_and_known_ones_not_again(shipped: TextModel) -> None:
    backend = Echo()
    model = TextModel(ModelFolder.load(), backend, backend)
    users, items = users_of(shipped), shipped.tokenize(TITLES, 24)
    first = model.score(users, items[[0, 1, 0, 2]], np.array([0, 0, 0, 1]))
    assert model.counts == {"scored": 3, "cached": 1, "late": 0}
    again = model.score(users, items[[1, 0, 3]], np.array([0, 0, 0]))
    assert model.counts == {"scored": 4, "cached": 3, "late": 0}
    assert again[:2].tolist() == first[[1, 0]].tolist()
    assert sum(backend.batches) == 4


def test_a_user_who_says_more_and_an_item_with_another_title_are_scored_anew(shipped: TextModel) -> None:
    backend = Echo()
    model = TextModel(ModelFolder.load(), backend, backend)
    items, nothing = shipped.tokenize(["red mug", "red mug large"], 24), np.zeros((1, 0, 10), np.int32)
    for said in ("hello", "hello again"):
        for item in items:
            model.score(model.prefixes(shipped.tokenize([said], 12), nothing), item[None], np.zeros(1, np.intp))
    assert model.counts["scored"] == 4


def test_scores_that_come_too_late_are_missing_and_counted(shipped: TextModel) -> None:
    backend = Echo()
    backend.gate.clear()
    model = TextModel(ModelFolder.load(), Echo(), backend)
    late = model.score(users_of(shipped), shipped.tokenize(TITLES[:2], 24), np.zeros(2, np.intp), patience_s=0.0)
    backend.gate.set()
    assert np.isnan(late).all()
    assert model.counts == {"scored": 0, "cached": 0, "late": 2}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(TITLES) - 1), min_size=1, max_size=40), st.integers(12, 80))
def test_a_text_has_the_same_vector_alone_in_any_batch_and_padded_further(shipped: TextModel, rows: list[int], width: int) -> None:
    alone = np.concatenate([shipped.encode(shipped.tokenize([title], 12)) for title in TITLES])
    together = shipped.encode(np.pad(shipped.tokenize(TITLES, 12)[rows], ((0, 0), (0, width - 12))))
    np.testing.assert_allclose(together, alone[rows], atol=1e-4)


def test_vectors_have_length_one_and_texts_without_tokens_are_zeros(shipped: TextModel) -> None:
    vectors = shipped.encode(shipped.tokenize(["red mug", "", "马克杯"], 8))
    assert vectors.shape == (3, shipped.dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1], atol=1e-5)


def test_a_text_longer_than_the_network_is_cut(shipped: TextModel) -> None:
    long = np.full((1, 500), 900, np.int32)
    assert np.isfinite(shipped.encode(long)).all()


def test_no_pairs_and_no_texts_give_empty_answers(shipped: TextModel) -> None:
    assert shipped.score(users_of(shipped), np.zeros((0, 24), np.int32), np.zeros(0, np.intp)).shape == (0,)
    assert shipped.encode(np.zeros((0, 24), np.int32)).shape == (0, shipped.dim)


def test_what_a_viewer_writes_lifts_the_item_that_it_names(shipped: TextModel) -> None:
    titles = shipped.tokenize(TITLES, shipped.max_item_tokens)
    nothing = np.zeros((1, 0, 10), np.int32)
    for comment, named in (("the retrospot mug please", 1), ("party bunting", 6), ("cake tins", 3), ("马克杯", 5)):
        silent = shipped.score(shipped.prefixes(np.zeros((1, 12), np.int32), nothing), titles, np.zeros(len(titles), np.intp))
        spoken = shipped.score(shipped.prefixes(shipped.tokenize([comment], 12), nothing), titles, np.zeros(len(titles), np.intp))
        assert np.argmax(spoken - silent) == named, comment


def test_scores_come_in_the_order_of_the_pairs_whatever_their_length(shipped: TextModel) -> None:
    backend = Echo()
    model = TextModel(ModelFolder.load(), backend, backend)
    users = users_of(shipped)
    items = shipped.tokenize(TITLES, 24)
    user_of_pair = np.arange(len(items)) % len(users)
    expected = (users[user_of_pair] != 0).sum(axis=1) + (items != 0).sum(axis=1) + 3
    assert model.score(users, items, user_of_pair).tolist() == expected.tolist()
    assert model.provider == "echo"


def test_scores_that_are_not_finite_are_passed_on(shipped: TextModel) -> None:
    backend = Echo(float("nan"))
    model = TextModel(ModelFolder.load(), backend, backend)
    assert np.isnan(model.score(users_of(shipped), shipped.tokenize(TITLES[:2], 24), np.zeros(2, np.intp))).all()
