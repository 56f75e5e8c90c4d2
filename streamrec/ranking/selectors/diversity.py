"""Keeps a list from being all of a kind: the worth of a candidate falls with its likeness to those already picked."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamrec.system.compiled import inlined

LEAST = 1e-10
"""What is left of a candidate that resembles those picked in everything, so that its logarithm stays finite."""
NONE, MMR, DPP = range(3)


class Diversity(NamedTuple):
    """How candidates are told apart: by the vectors (slots, dim) of their `slots` (users, candidates), and how much that counts.

    `mmr` is maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): (1 - knob) * relevance - knob * likeness to the most similar
    pick. `dpp` is (1 - knob) * relevance + knob * log of the volume that a candidate adds to those picked: the greedy maximum a posteriori
    of a determinantal point process by an incremental Cholesky factor, O(pool * k) per dimension (Chen, Zhang & Zhou, NeurIPS 2018,
    algorithm 1 and equation 10).
    """

    method: Literal["mmr", "dpp"]
    knob: float
    vectors: NDArray[np.float32]
    slots: NDArray[np.int32]

    @property
    def number(self) -> int:
        """The method as compiled code knows it."""
        return MMR if self.method == "mmr" else DPP


@inlined
def worth(method: Any, knob: Any, relevance: Any, apart: Any) -> Any:
    """What a candidate is worth as the next pick. `apart` is its likeness to the most similar pick, or what it adds to the volume."""
    if method == NONE:
        return relevance
    if method == MMR:
        return (1 - knob) * relevance - knob * apart
    return (1 - knob) * relevance + knob * np.log(max(apart, LEAST))


@inlined
def take(method: Any, vectors: Any, slots: Any, pool: Any, pick: Any, taken: Any, apart: Any, factor: Any) -> Any:
    """The next item is the pool's `pick`, the `taken`-th from 0: bring `apart`, and for dpp the Cholesky `factor` (pool, k), up to date."""
    left = np.sqrt(max(apart[pick], LEAST))
    mine = slots[pool[pick]]
    for other in range(len(pool)):
        likeness, slot = np.float32(0), slots[pool[other]]
        for place in range(vectors.shape[1]):
            likeness += vectors[slot, place] * vectors[mine, place]
        if method == MMR:
            apart[other] = max(apart[other], likeness)
            continue
        known = 0.0
        for earlier in range(taken):
            known += factor[other, earlier] * factor[pick, earlier]
        factor[other, taken] = (likeness - known) / left
    if method == DPP:
        for other in range(len(pool)):
            apart[other] -= factor[other, taken] ** 2
