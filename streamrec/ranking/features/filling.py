"""Writes the loops that compute features and facts from their declarations: one for each formula, over the candidates of a user."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

Fill = Callable[..., None]


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
    body = "\n".join(_body(loops, reads, size, of_user))
    # Compiled loops are kept by the names of file and function: as if they stood in this file, each under a name of its own.
    name = f"fill_{blake2b(body.encode(), digest_size=8).hexdigest()}"
    text = "\n".join(["from streamrec.system.compiled import jit", *imports, "@jit", f"def {name}(raw, counts, {', '.join(reads)}):", body])
    made: dict[str, Any] = {"__name__": __name__}
    exec(compile(text, __file__, "exec"), made)  # noqa: S102 - made of declarations alone
    return made[name], reads


def _loops(columns: Sequence[Column]) -> list[_Loop]:
    """One for each formula and what it reads: some columns are the same numbers."""
    positions: dict[tuple[Callable[..., Any], tuple[str, ...]], list[int]] = {}
    for column in columns:
        positions.setdefault((column.formula, column.reads), []).append(column.position)
    return [_Loop(*key, filled) for key, filled in positions.items()]


def _body(loops: Sequence[_Loop], reads: Sequence[str], size: int, of_user: Collection[str]) -> Iterator[str]:
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
