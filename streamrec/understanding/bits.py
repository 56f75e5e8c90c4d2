"""Sets of the slots of a shelf as whole numbers, a bit for each slot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def union(of: dict[int, int], rows: Iterable[int]) -> int:
    """All slots of some rows."""
    items = 0
    for row in rows:
        items |= of.get(row, 0)
    return items


def each(items: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while items:
        lowest = items & -items
        yield lowest.bit_length() - 1
        items ^= lowest


def slots(items: int) -> list[int]:
    """The slots of a set of items."""
    return list(each(items))


def of(slots_: Iterable[int]) -> int:
    """The set of some slots."""
    return sum(1 << slot for slot in slots_)
