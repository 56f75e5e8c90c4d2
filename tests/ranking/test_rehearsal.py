"""A rehearsal leaves nothing to compile while viewers wait, and compiled loops do what they do as Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from streamrec.ranking.batch.nearest import nearest
from streamrec.ranking.rehearsal import rehearse
from tests.ranking.batch.test_nearest import asked, large_shop
from tests.ranking.features.seeded_shop import GOLDEN, facts
from tests.shop import item

ROOT = Path(__file__).parents[2]


def loops() -> dict[str, Any]:
    """Every loop of streamrec, by name."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("streamrec") and isinstance(module, ModuleType)]
    found = [value for module in modules for value in vars(module).values() if hasattr(value, "py_func")]
    return {f"{loop.py_func.__module__}.{loop.py_func.__name__}": loop for loop in found}


def compiled() -> dict[str, int]:
    """For how many types of arguments each loop is compiled in this process."""
    return {name: len(loop.signatures) for name, loop in loops().items()}


def count() -> None:
    """Run in a process of its own, where nothing is compiled yet."""
    rehearse()
    before = compiled()
    assert before
    facts()
    shop, row = large_shop()
    for _ in range(2):
        nearest(asked(shop, row), 1)
        shop.remove_item("004")
        shop.put_items([item("005", "green mug")])
    assert {name for name, types in compiled().items() if types != before[name]} == set()


def load() -> None:
    """Run in a process after one that has rehearsed."""
    rehearse()
    assert {name for name, loop in loops().items() if loop.stats.cache_misses} == set(), "what cannot be kept is compiled in every process"


def python() -> None:
    """Run in a process that does not compile."""
    kept, found = np.load(GOLDEN), facts()
    for fact in ("slots_allow", "slots_exclude", "sources_allow"):
        assert found[fact].tolist() == kept[fact].tolist()
    assert found["scores_allow"] == pytest.approx(kept["scores_allow"], rel=1e-4, abs=1e-5)


def run(what: str, **environment: str) -> None:
    code = f"from tests.ranking.test_rehearsal import {what}; {what}()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, check=True, timeout=600)


def test_after_a_rehearsal_nothing_is_left_to_compile_in_this_process_and_in_the_next() -> None:
    run("count")
    run("load")


def test_the_same_loops_as_python_give_the_same_lists() -> None:
    run("python", NUMBA_DISABLE_JIT="1")
