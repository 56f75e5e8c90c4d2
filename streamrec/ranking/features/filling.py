"""Writes the loops that compute all features from their declarations: one for each formula, over the candidates of a user.

The text of the loops is kept as a module beside the compiled code, since only functions of a file can be compiled once for all processes.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from streamrec.ranking.features.declaration import Feature
from streamrec.system.compiled import FOLDER

Fill = Callable[..., None]
HEAD = '''"""Made from the declarations of features; see streamrec/ranking/features/filling.py."""

from streamrec.system.compiled import jit
'''


def filling(declared: Sequence[Feature], of_user: Collection[str]) -> tuple[Fill, list[str]]:
    """The compiled loops, and the inputs that they read, by name.

    They are called with an array of shape (users, features, candidates) to write to, the number of candidates of each user, and the inputs:
    arrays of (users, candidates), or (users, 1) of those `of_user`. What no formula gives, and what stands behind the last candidate, is 0.
    """
    computed = _computed(declared)
    reads = list(dict.fromkeys(name for feature, _ in computed for name in feature.reads))
    text = "\n".join([HEAD, *_imports(computed), "", "", *_loops(computed, reads, of_user, len(declared)), ""])
    name = f"streamrec_filling_{blake2b(text.encode(), digest_size=8).hexdigest()}"
    path = FOLDER / f"{name}.py"
    if not path.exists():
        # Two workers may start at once: each writes a file of its own, and the last one to finish names it.
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        # A compiled function is known by the time of its file; a fixed one keeps it valid however often the file is written.
        os.utime(draft, (0, 0))
        draft.replace(path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    # What is loaded compiled looks for its module by name.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fill, reads


def _computed(declared: Sequence[Feature]) -> list[tuple[Feature, list[int]]]:
    """Features with a formula, each with the columns that its values fill: some differ in scope alone."""
    positions: dict[tuple[object, ...], list[int]] = {}
    for position, feature in enumerate(declared):
        if feature.formula is not None:
            positions.setdefault((feature.formula, feature.reads), []).append(position)
    return [(declared[columns[0]], columns) for columns in positions.values()]


def _called(feature: Feature) -> str:
    assert feature.formula is not None
    return f"{feature.formula.__module__}.{feature.formula.__name__}".replace(".", "_")


def _imports(computed: Sequence[tuple[Feature, list[int]]]) -> list[str]:
    formulas = {_called(feature): feature.formula for feature, _ in computed}
    return [f"from {formula.__module__} import {formula.__name__} as {name}" for name, formula in formulas.items() if formula is not None]


def _loops(computed: Sequence[tuple[Feature, list[int]]], reads: Sequence[str], of_user: Collection[str], size: int) -> Iterator[str]:
    yield "@jit"
    yield f"def fill(raw, counts, {', '.join(reads)}):"
    yield "    for user in range(len(raw)):"
    yield "        count = counts[user]"
    for name in reads:
        yield f"        {name}_ = {name}[user, 0]" if name in of_user else f"        {name}_ = {name}[user]"
    filled = {column for _, columns in computed for column in columns}
    for column in range(size):
        yield f"        raw[user, {column}{', count:' if column in filled else ''}] = 0"
    for feature, columns in computed:
        values = ", ".join(f"{name}_" if name in of_user else f"{name}_[column]" for name in feature.reads)
        first, *others = columns
        yield f"        # {feature.name}"
        yield f"        out = raw[user, {first}]"
        yield "        for column in range(count):"
        yield f"            out[column] = {_called(feature)}({values})"
        for other in others:
            yield f"        raw[user, {other}, :count] = out[:count]"
