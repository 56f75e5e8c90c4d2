"""A feature more or another meaning of one: what was trained, learned and logged before is read on, or refused by name."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from streamrec.ranking.features.declaration import Scope


def run(change: str) -> None:
    """Declarations hold for a whole process, so that a change needs one of its own."""
    module = "tests.ranking.features.with_another_feature"
    done = subprocess.run([sys.executable, "-m", module, change], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scope", get_args(Scope))
def test_a_new_feature_leaves_every_list_of_the_shipped_model_as_it_was_and_can_be_learned(scope: str) -> None:
    run(scope)


def test_a_feature_of_another_meaning_makes_blends_slates_and_weights_of_before_unreadable() -> None:
    run("changed")
