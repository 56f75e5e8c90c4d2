from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.bert.batcher import MicroBatcher
from streamrec.bert.runtime import Arrays
from streamrec.errors import Overloaded
from tests.patience import PATIENCE_S


def rows(*lengths: int) -> dict[str, np.ndarray]:
    """Rows whose tokens are all the row's own number, padded."""
    mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
    ids = np.where(mask, np.arange(1, len(lengths) + 1)[:, None], 0).astype(np.int32)
    return {"input_ids": ids, "attention_mask": mask.astype(np.int32), "token_type_ids": np.zeros_like(ids)}


class Summing:
    """Answers with the sum of each row's tokens, and remembers the shapes of its runs."""

    provider = "none"
    device: Literal["cpu", "cuda"] = "cpu"
    remark = ""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.before = before

    def run(self, feeds: Arrays) -> np.ndarray:
        self.shapes.append(feeds["input_ids"].shape)
        self.before()
        return feeds["input_ids"].sum(axis=1, dtype=np.float32)[:, None]


class Gate:
    """Holds runs back until it is opened."""

    def __init__(self) -> None:
        self.arrived, self.open = threading.Semaphore(0), threading.Event()

    def __call__(self) -> None:
        self.arrived.release()
        assert self.open.wait(PATIENCE_S)

    def held(self) -> None:
        assert self.arrived.acquire(timeout=PATIENCE_S)


@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=12), min_size=1, max_size=5), st.integers(1, 60), st.integers(1, 3))
def test_every_row_has_its_own_answer_whatever_runs_with_it(calls: list[list[int]], budget: int, threads: int) -> None:
    backend = Summing()
    batcher = MicroBatcher(backend, budget, threads)
    tickets = [batcher.submit(rows(*lengths)) for lengths in calls]
    for lengths, ticket in zip(calls, tickets, strict=True):
        output = ticket.wait(PATIENCE_S)
        assert output is not None
        assert output[:, 0].tolist() == [(number + 1) * length for number, length in enumerate(lengths)]
    batcher.close()
    assert all(count == 1 or count * width <= budget for count, width in backend.shapes)


def test_what_waits_while_a_run_goes_on_shares_the_next_one() -> None:
    gate = Gate()
    backend = Summing(gate)
    batcher = MicroBatcher(backend, token_budget=100)
    first = batcher.submit(rows(4, 4))
    gate.held()
    others = [batcher.submit(rows(3)), batcher.submit(rows(5, 2))]
    gate.open.set()
    for ticket in (first, *others):
        assert ticket.wait(PATIENCE_S) is not None
    assert backend.shapes == [(2, 4), (3, 5)]
    batcher.close()


def test_threads_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=PATIENCE_S)
    batcher = MicroBatcher(Summing(together.wait), token_budget=300, threads=2)
    assert batcher.run(rows(*[100] * 6)) is not None
    batcher.close()


def test_what_nobody_waits_for_is_not_run_and_leaves_its_place() -> None:
    gate = Gate()
    backend = Summing(gate)
    batcher = MicroBatcher(backend, token_budget=10, queue_tokens=30)
    running = batcher.submit(rows(10))
    gate.held()
    given_up = batcher.submit(rows(10, 10))
    assert given_up.wait(0.0) is None
    kept = batcher.submit(rows(10, 10, 10))
    gate.open.set()
    assert running.wait(PATIENCE_S) is not None
    assert kept.wait(PATIENCE_S) is not None
    assert len(backend.shapes) == 4
    batcher.close()


def test_a_run_that_ends_is_not_followed_by_what_nobody_waits_for() -> None:
    gate = Gate()
    backend = Summing(gate)
    batcher = MicroBatcher(backend, token_budget=10)
    running = batcher.submit(rows(10))
    gate.held()
    assert batcher.submit(rows(10, 10)).wait(0.0) is None
    gate.open.set()
    assert running.wait(PATIENCE_S) is not None
    batcher.close()
    assert len(backend.shapes) == 1


def test_whoever_gives_up_has_what_came_in_time() -> None:
    gate = Gate()
    batcher = MicroBatcher(Summing(gate), token_budget=10)
    ticket = batcher.submit(rows(10, 4))
    gate.held()
    gate.arrived.release()
    gate.open.set()
    gate.held()
    while np.isnan(ticket.output if ticket.output is not None else np.nan).all():
        threading.Event().wait(0.001)
    output = ticket.wait(0.0)
    assert output is not None
    assert output[1, 0] == 8
    batcher.close()


def test_a_full_queue_refuses_and_says_why() -> None:
    gate = Gate()
    batcher = MicroBatcher(Summing(gate), token_budget=10, queue_tokens=30)
    running = batcher.submit(rows(10))
    gate.held()
    waiting = batcher.submit(rows(10, 10))
    with pytest.raises(Overloaded, match="20 tokens wait for the model and 12 more"):
        batcher.submit(rows(6, 6))
    gate.open.set()
    assert running.wait(PATIENCE_S) is not None
    assert waiting.wait(PATIENCE_S) is not None
    assert batcher.run(rows(6, 6)) is not None
    batcher.close()


def test_a_run_that_fails_is_told_to_its_callers_and_the_next_one_is_served() -> None:
    broken = [True]

    def break_once() -> None:
        if broken.pop():
            raise RuntimeError("out of memory")

    batcher = MicroBatcher(Summing(break_once), token_budget=100)
    with pytest.raises(RuntimeError, match="out of memory"):
        batcher.run(rows(3))
    broken.append(False)
    assert batcher.run(rows(3)) is not None
    batcher.close()
