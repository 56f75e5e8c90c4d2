"""Rows are cut into runs that cost a device the least; none is lost, and none is in two."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamrec.bert.batcher import MicroBatcher
from streamrec.bert.cutting import RUN_TOKENS, runs, widened
from streamrec.bert.pairs import length_batches
from streamrec.bert.runtime import Arrays

Lengths = st.lists(st.integers(1, 70), min_size=1, max_size=200).map(lambda values: np.array(values, np.intp))


def cost(lengths: NDArray[np.intp], batches: list[NDArray[np.intp]], run_tokens: int) -> int:
    return sum(len(rows) * int(widened(lengths[rows]).max()) + run_tokens for rows in batches)


@given(Lengths, st.integers(8, 4000), st.integers(0, 3000))
def test_every_row_is_in_one_run_and_no_run_is_above_the_budget(lengths: NDArray[np.intp], budget: int, run_tokens: int) -> None:
    found = list(runs(lengths, budget, run_tokens))
    assert sorted(np.concatenate(found).tolist()) == list(range(len(lengths)))
    for rows in found:
        assert len(rows) == 1 or len(rows) * widened(lengths[rows]).max() <= budget
        assert (np.diff(lengths[rows]) >= 0).all()


@given(st.lists(st.integers(1, 70), min_size=1, max_size=60), st.integers(0, 3000))
def test_no_other_way_to_divide_the_lengths_costs_less(values: list[int], run_tokens: int) -> None:
    lengths = np.array(values, np.intp)
    order, widths = np.argsort(lengths, kind="stable"), np.unique(widened(lengths))
    ends = [int((widened(lengths) <= width).sum()) for width in widths]
    ways = [inner for count in range(len(ends)) for inner in combinations(ends[:-1], count)]
    best = min(cost(lengths, np.split(order, list(way)), run_tokens) for way in ways)
    assert cost(lengths, list(runs(lengths, 1 << 20, run_tokens)), run_tokens) == best


@given(Lengths)
def test_the_cuts_cost_no_more_than_those_by_the_budget_alone(lengths: NDArray[np.intp]) -> None:
    assert cost(lengths, list(runs(lengths, 1 << 20)), RUN_TOKENS) <= cost(lengths, list(length_batches(lengths, 1 << 20)), RUN_TOKENS)


def test_a_call_without_rows_has_no_runs() -> None:
    assert list(runs(np.zeros(0, np.intp), 100)) == []


class Noting:
    """A session that notes the shapes of its runs, and gives back each row's first token."""

    device, provider, remark = "cuda", "none", ""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, feeds: Arrays) -> Any:
        self.shapes.append(feeds["input_ids"].shape)
        return feeds["input_ids"][:, :1].astype(np.float32)


def feeds_of(lengths: list[int]) -> Any:
    mask = (np.arange(max(lengths)) < np.array(lengths)[:, None]).astype(np.int32)
    ids = np.arange(len(lengths), dtype=np.int32)[:, None] * mask
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * mask}


def test_a_device_runs_short_and_long_rows_apart_and_the_answers_are_in_the_order_of_the_call() -> None:
    session = Noting()
    batcher = MicroBatcher(session, 32768, 1, run_tokens=2000)
    lengths = [60, 8] * 150
    output = batcher.run(feeds_of(lengths))
    assert output is not None
    assert output[:, 0].tolist() == list(range(300))
    assert sorted(session.shapes) == [(150, 8), (150, 60)]
    batcher.close()


def test_few_rows_share_a_run_however_long_they_are() -> None:
    session = Noting()
    batcher = MicroBatcher(session, 32768, 2, run_tokens=2000)
    batcher.run(feeds_of([60, 8, 30, 10]))
    assert session.shapes == [(4, 60)]
    batcher.close()
