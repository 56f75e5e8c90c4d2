"""Rows become runs of a device: each costs something however little it holds, and pads its rows to the longest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

WIDTH = 8
"""Token rows are padded to a multiple of it, as half-precision products are quickest in eights."""
RUN_TOKENS = 2_000
"""So many tokens could be computed in the time that a run takes beside its tokens.

From what 200 pairs of one viewer took on an H100 beside 6,400 pairs at once: 1,200 with BERT-base, 2,300 with MiniLM-L6, 3,500 with the
shipped model (in November 2026, fp16 graphs made by hand, the shipped one in fp32; this version was not measured there)."""


def widened(lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """Lengths rounded up to a multiple of `WIDTH`."""
    return np.asarray(-(-lengths // WIDTH) * WIDTH)


def runs(lengths: NDArray[np.intp], token_budget: int, run_tokens: int = RUN_TOKENS) -> Iterator[NDArray[np.intp]]:
    """Positions of the rows of each run, short ones first; every position comes exactly once, equal lengths in their order.

    Rows of one rounded length stay together as far as the budget allows. Neighbouring lengths share a run where the padding costs less
    than another run would, and all cuts together cost the least that is possible.
    """
    order = np.argsort(lengths, kind="stable")
    widths, counts = np.unique(widened(lengths), return_counts=True)
    ends = np.concatenate([[0], counts.cumsum()])
    for first, last in _cuts(widths.tolist(), ends.tolist(), token_budget, run_tokens):
        start, stop = int(ends[first]), int(ends[last])
        parts = max(1, -(-(stop - start) * int(widths[last - 1]) // token_budget))
        rows = max(1, min(-(-(stop - start) // parts), token_budget // int(widths[last - 1])))
        for begin in range(start, stop, rows):
            yield order[begin : min(begin + rows, stop)]


def _cuts(widths: list[int], ends: list[int], token_budget: int, run_tokens: int) -> list[tuple[int, int]]:
    """The cheapest division of the lengths into neighbours (first, one behind the last), by the cheapest divisions of all shorter ones."""
    cost, before = [0.0], [0]
    for last in range(1, len(widths) + 1):
        each = []
        for first in range(last):
            tokens = (ends[last] - ends[first]) * widths[last - 1]
            each.append(cost[first] + tokens + run_tokens * max(1, -(-tokens // token_budget)))
        best = min(range(last), key=each.__getitem__)
        cost.append(each[best])
        before.append(best)
    cuts, last = [], len(widths)
    while last:
        cuts.append((before[last], last))
        last = before[last]
    return cuts[::-1]
