from __future__ import annotations

import threading
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.bert import buckets
from streamrec.bert.buckets import NOT_RECORDED, BoundSession, bucket
from streamrec.bert.cutting import WIDTH
from streamrec.bert.folder import CROSS_ENCODER, LATE_ENCODER, SHIPPED
from streamrec.bert.pairs import pair_inputs, text_inputs
from streamrec.bert.runtime import Arrays


def loaded(graph: str) -> ort.InferenceSession:
    return ort.InferenceSession(str(SHIPPED / graph), providers=["CPUExecutionProvider"])


session = loaded(CROSS_ENCODER)
bound = BoundSession(session, "cpu")
recording = BoundSession(session, "cpu", graphs=True)


def pairs(rows: int, tokens: int, seed: int = 0) -> Arrays:
    """So many pairs of so many tokens, marks included."""
    rng = np.random.default_rng(seed)
    return pair_inputs(rng.integers(5, 999, (rows, tokens - 4)).astype(np.int32), rng.integers(5, 999, (rows, 1)).astype(np.int32))


@given(st.integers(1, 5000), st.integers(1, 96))
def test_a_bucket_holds_its_batch_and_adds_an_eighth_at_most(rows: int, width: int) -> None:
    height, tokens = bucket(rows, width)
    assert rows <= height < rows + max(8, rows / 8 + 1)
    assert width <= tokens < width + WIDTH
    assert bucket(height, tokens) == (height, tokens)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), min_size=1, max_size=20))
def test_scores_with_bound_buffers_are_those_of_a_plain_run(sizes: list[tuple[int, int]]) -> None:
    rng = np.random.default_rng(len(sizes))
    users = np.where(np.arange(6) < np.array([user for user, _ in sizes])[:, None], rng.integers(5, 999, (len(sizes), 6)), 0)
    items = np.where(np.arange(6) < np.array([item for _, item in sizes])[:, None], rng.integers(5, 999, (len(sizes), 6)), 0)
    feeds = pair_inputs(users.astype(np.int32), items.astype(np.int32))
    wanted = session.run(None, feeds)[0]
    for one in (bound, recording, recording):
        np.testing.assert_allclose(one.run(feeds), wanted, atol=1e-4)


def test_a_smaller_batch_after_a_larger_one_sees_nothing_of_it() -> None:
    small = pairs(3, 9)
    before = bound.run(small)
    bound.run(pairs(40, 30))
    np.testing.assert_array_equal(bound.run(small), before)


@pytest.mark.parametrize("tokens", [4, 7, 23, 24])
def test_states_of_tokens_are_as_wide_as_the_batch(tokens: int) -> None:
    late = loaded(LATE_ENCODER)
    feeds = text_inputs(np.full((5, tokens), 9, np.int32))
    np.testing.assert_allclose(BoundSession(late, "cpu").run(feeds), late.run(None, feeds)[0], atol=1e-5)


def test_threads_with_buffers_of_their_own_do_not_mix_their_batches() -> None:
    batches = [pairs(rows, 20, rows) for rows in (5, 6, 7, 8)]
    wanted = [session.run(None, feeds)[0] for feeds in batches]
    found: list[Any] = [None] * 4

    def work(number: int) -> None:
        for _ in range(20):
            found[number] = bound.run(batches[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for given_scores, scores in zip(found, wanted, strict=True):
        np.testing.assert_allclose(given_scores, scores, atol=1e-4)


def test_few_shapes_keep_their_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "KEPT_SHAPES", 3)
    one = BoundSession(session, "cpu")
    for rows in (8, 16, 24, 8, 32):
        one.run(pairs(rows, 8))
    assert [rows for rows, _ in one._own.shapes] == [24, 8, 32]


class Spy:
    """A session that notes the number of each run; the numbers mean nothing to a CPU."""

    def __init__(self) -> None:
        self.numbers: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(session, name)

    def run_with_iobinding(self, binding: Any, options: Any) -> None:
        self.numbers.append("" if options is None else options.get_run_config_entry("gpu_graph_id"))
        session.run_with_iobinding(binding, options)


def test_a_small_shape_is_recorded_from_its_second_run_on_and_keeps_its_number() -> None:
    spy: Any = Spy()
    one = BoundSession(spy, "cpu", graphs=True)
    for rows in (8, 8, 16, 5, 16):
        one.run(pairs(rows, 8))
    assert spy.numbers == [NOT_RECORDED, "1", NOT_RECORDED, "1", "2"]


def test_large_batches_and_shapes_beyond_the_most_are_not_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "RECORDED_SHAPES", 1)
    spy: Any = Spy()
    one = BoundSession(spy, "cpu", graphs=True)
    for rows in (1024, 1024, 8, 8, 16, 16):
        one.run(pairs(rows, 8))
    assert spy.numbers == [NOT_RECORDED] * 3 + ["1"] + [NOT_RECORDED] * 2


def test_what_was_recorded_is_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "KEPT_SHAPES", 1)
    spy: Any = Spy()
    one = BoundSession(spy, "cpu", graphs=True)
    one.run(pairs(8, 8))
    for rows in (520, 600, 700):
        one.run(pairs(rows, 8))
    one.run(pairs(8, 8))
    assert spy.numbers[-1] == "1"


def test_without_graphs_runs_have_no_number() -> None:
    spy: Any = Spy()
    one = BoundSession(spy, "cpu")
    one.run(pairs(8, 8))
    one.run(pairs(8, 8))
    assert spy.numbers == ["", ""]
