"""The rows of one partition as the pure code sees them: changed ones, a bounded cache, and the disk behind."""

from __future__ import annotations

from itertools import islice
from typing import Any, Generic, TypeVar

from streamrec.processors.base import Processor
from streamrec.stream.disk import Disk

Row = TypeVar("Row")
Packed = list[tuple[bytes, bytes | None]]
"""Keys and packed rows; None is a deleted row."""


class Table(Generic[Row]):
    """Implements `Rows`. Every method belongs to the core thread.

    A row is pinned in memory from its change until the disk holds it: between, the disk would give an older one.
    """

    def __init__(self, disk: Disk, processor: Processor[Any], cache: int) -> None:
        self._disk = disk
        self._processor = processor
        self._cache = cache
        self._rows: dict[bytes, Row | None] = {}
        self._dirty: set[bytes] = set()
        self._saving: set[bytes] = set()

    @property
    def dirty(self) -> bool:
        """Whether rows changed since the last snapshot."""
        return bool(self._dirty)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: bytes) -> Row | None:
        """The row; change it only together with a `put`."""
        try:
            row = self._rows.pop(key)
        except KeyError:
            raw = self._disk.get(key)
            if raw is None:
                return None
            row = self._processor.unpack(raw)
        self._rows[key] = row  # back at the end: the front is what was used longest ago
        return row

    def put(self, key: bytes, row: Row) -> None:
        """Set the row, or say that it was changed."""
        _check(key)
        self._rows.pop(key, None)
        self._rows[key] = row
        self._dirty.add(key)

    def delete(self, key: bytes) -> None:
        """Take the row out of memory, changelog and disk."""
        _check(key)
        self._rows.pop(key, None)
        self._rows[key] = None
        self._dirty.add(key)

    def snapshot(self) -> Packed:
        """Pack what has changed; it stays pinned until `saved`."""
        pack, rows = self._processor.pack, self._rows
        packed: Packed = [(key, None if (row := rows[key]) is None else pack(row)) for key in self._dirty]
        self._saving, self._dirty = self._dirty, set()
        return packed

    def saved(self) -> None:
        """The disk holds the last snapshot: unpin its rows, and let go of those used longest ago."""
        for key in self._saving - self._dirty:
            if self._rows[key] is None:
                del self._rows[key]
        self._saving = set()
        excess = len(self._rows) - len(self._dirty) - self._cache
        if excess > 0:
            for key in list(islice((key for key in self._rows if key not in self._dirty), excess)):
                del self._rows[key]


def _check(key: bytes) -> None:
    if key.startswith(b"\0"):
        raise ValueError("row keys that begin with a zero byte are the engine's own")
