"""Plain loops as an oracle of the ranking: whatever features weigh, loops per user choose the items that arrays choose."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ranking import loops, people, shop
from streamrec.ranking.features.schema import FEATURES, LIVE, USER
from streamrec.ranking.ranker import Ranker
from streamrec.ranking.scorers.blend import LEARNED, Blend, Network
from tests.shop import settings

USERS = 6


def _any_blend(seed: int) -> Blend:
    """Everything counts, so that a value that differs moves the list."""
    dice = np.random.default_rng(seed)
    network = Network(
        *(dice.normal(size=shape).astype(np.float32) for shape in ((LEARNED, 8), 8, 8)), dice.uniform(0.5, 2, len(USER)).astype(np.float32)
    )
    return Blend({name: 0.0 if name in LIVE else float(dice.normal()) for name in FEATURES}, "any", network)


@pytest.mark.parametrize("size", [60, 700])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_plain_loops_choose_the_same_items(size: int, seed: int) -> None:
    catalogue = shop(size)
    ranker = Ranker(catalogue, settings(), _any_blend(seed))
    assert loops(catalogue, ranker, people(catalogue), USERS)["same_items"] == 1.0
