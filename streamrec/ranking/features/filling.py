"""Writes the loops that compute features and facts from their declarations: one for each formula, over the candidates of a user.

The text of the loops is kept as a module beside the compiled code, since only functions of a file can be compiled once for all processes.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from streamrec.system.compiled import FOLDER

Fill = Callable[..., None]
HEAD = '''"""Made from declarations; see streamrec/ranking/features/filling.py."""

from streamrec.system.compiled import jit
'''


class Column(NamedTuple):
    """A column that a formula fills."""

    position: int
    formula: Callable[..., Any]
    """Compiled, at the top level of its module."""
    reads: tuple[str, ...]
    """The names of what it takes, in order."""


class _Loop(NamedTuple):
    formula: Callable[..., Any]
    reads: tuple[str, ...]
    positions: list[int]

    @property
    def called(self) -> str:
        return f"{self.formula.__module__}.{self.formula.__name__}".replace(".", "_")


def filling(columns: Sequence[Column], size: int, of_user: Collection[str]) -> tuple[Fill, list[str]]:
    """The compiled loops that fill `columns` among `size`, and what they read, by name.

    They are called with an array of shape (users, size, candidates) to write to, the number of candidates of each user, and what they read:
    arrays of (users, candidates), or (users, 1) of those `of_user`. Other columns, and what stands behind the last candidate, become 0.
    """
    loops = _loops(columns)
    reads = list(dict.fromkeys(name for loop in loops for name in loop.reads))
    imports = dict.fromkeys(f"from {loop.formula.__module__} import {loop.formula.__name__} as {loop.called}" for loop in loops)
    text = "\n".join([HEAD, *imports, "", "", *_body(loops, reads, size, of_user), ""])
    return _module(text).fill, reads


def _loops(columns: Sequence[Column]) -> list[_Loop]:
    """One for each formula and what it reads: some columns are the same numbers."""
    positions: dict[tuple[Callable[..., Any], tuple[str, ...]], list[int]] = {}
    for column in columns:
        positions.setdefault((column.formula, column.reads), []).append(column.position)
    return [_Loop(*key, filled) for key, filled in positions.items()]


def _body(loops: Sequence[_Loop], reads: Sequence[str], size: int, of_user: Collection[str]) -> Iterator[str]:
    yield "@jit"
    yield f"def fill(raw, counts, {', '.join(reads)}):"
    yield "    for user in range(len(raw)):"
    yield "        count = counts[user]"
    for name in reads:
        yield f"        {name}_ = {name}[user, 0]" if name in of_user else f"        {name}_ = {name}[user]"
    filled = {position for loop in loops for position in loop.positions}
    for position in range(size):
        yield f"        raw[user, {position}{', count:' if position in filled else ''}] = 0"
    for loop in loops:
        values = ", ".join(f"{name}_" if name in of_user else f"{name}_[column]" for name in loop.reads)
        first, *others = loop.positions
        yield f"        out = raw[user, {first}]"
        yield "        for column in range(count):"
        yield f"            out[column] = {loop.called}({values})"
        for other in others:
            yield f"        raw[user, {other}, :count] = out[:count]"


def _module(text: str) -> Any:
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
    return module
