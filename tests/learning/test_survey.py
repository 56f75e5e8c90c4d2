"""Going back by command: to the version before, and the one before that, and at last to the base."""

from __future__ import annotations

import pytest

from streamrec.errors import InputError
from streamrec.learning.survey import Learned, restored
from streamrec.learning.weights import LearnerState, Served, Weights
from streamrec.ranking.features.schema import FEATURES, SCHEMA
from tests.shop import NOW

BASE = "2026/allow/off"


def theta(value: float) -> list[float]:
    return [value] + [0.0] * len(FEATURES)


def learned(base: str = BASE) -> Learned:
    earlier = [Served(base, theta(0.0)), Served(f"{base}+1", theta(0.1)), Served(f"{base}+2", theta(0.2))]
    state = LearnerState(base, SCHEMA, 3, theta(0.3), Served(f"{base}+3", theta(0.3)), earlier, [], 0, 100, 0, {})
    return Learned(base, Weights(f"{base}+3", base, SCHEMA, {FEATURES[0]: 0.3}, NOW), state)


def test_each_rollback_goes_one_version_further_back_and_the_last_one_to_the_base() -> None:
    found, seen = learned(), []
    for _ in range(3):
        found.weights = restored([found], None, to_base=False)
        seen.append((found.weights.version, found.weights.restores, found.weights.delta))
    assert seen == [
        (f"{BASE}+4", f"{BASE}+2", {FEATURES[0]: 0.2}),
        (f"{BASE}+5", f"{BASE}+1", {FEATURES[0]: 0.1}),
        (f"{BASE}+6", BASE, {}),
    ]
    with pytest.raises(InputError, match="nothing to go back to"):
        restored([found], None, to_base=False)


def test_the_base_alone_can_be_asked_for() -> None:
    made = restored([learned()], None, to_base=True)
    assert (made.version, made.restores, made.delta, made.by) == (f"{BASE}+4", BASE, {}, "operator")


def test_of_several_bases_one_must_be_named() -> None:
    both = [learned(), learned("other")]
    with pytest.raises(InputError, match="--base"):
        restored(both, None, to_base=False)
    assert restored(both, "other", to_base=False).base == "other"
    with pytest.raises(InputError, match="nothing was published"):
        restored(both, "third", to_base=False)
