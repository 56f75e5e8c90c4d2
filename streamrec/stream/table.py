"""The rows of one partition as the pure code sees them: changed ones, a bounded cache, and the disk behind."""

from __future__ import annotations

from itertools import islice
from typing import Any, Generic, TypeVar

from streamrec.errors import StateMismatch
from streamrec.processors.base import Processor
from streamrec.stream.disk import Disk

Row = TypeVar("Row")
Packed = list[tuple[bytes, bytes | None]]
"""Keys and packed rows; None is a deleted row."""


WEIGHT = 1 / 64


class Budget:
    """How much all tables of a worker may keep in memory, in bytes of packed rows; unpacked ones take some times as much."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: dict[object, int] = {}

    def rows(self, table: object, rows: int, row_bytes: float) -> int:
        """How many of its rows a table may keep that now holds so many, of that mean size."""
        self._held[table] = held = int(rows * row_bytes)
        total = sum(self._held.values())
        return rows if total <= self._limit else int(rows * self._limit / total) if held else 0

    def leave(self, table: object) -> None:
        """The table is gone."""
        self._held.pop(table, None)


class Table(Generic[Row]):
    """Implements `Rows`. Every method belongs to the core thread.

    A row is pinned in memory from its change until the disk holds it: between, the disk would give an older one.
    """

    def __init__(self, disk: Disk, processor: Processor[Any], cache: Budget) -> None:
        self._disk = disk
        self._processor = processor
        self._cache = cache
        self._rows: dict[bytes, Row | None] = {}
        self._dirty: set[bytes] = set()
        self._saving: set[bytes] = set()
        self._row_bytes = 0.0

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
            self._weigh(len(key) + len(raw))
            row = self._unpack(raw)
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
        if packed:
            self._weigh(sum(len(key) + len(raw or b"") for key, raw in packed) / len(packed))
        return packed

    def saved(self) -> None:
        """The disk holds the last snapshot: unpin its rows, and let go of those used longest ago."""
        for key in self._saving - self._dirty:
            if self._rows[key] is None:
                del self._rows[key]
        self._saving = set()
        excess = len(self._rows) - max(len(self._dirty), self._cache.rows(self, len(self._rows), self._row_bytes))
        if excess > 0:
            for key in list(islice((key for key in self._rows if key not in self._dirty), excess)):
                del self._rows[key]

    def revert(self) -> None:
        """Forget all that the disk does not hold. No snapshot may be under way.

        Clean rows go, too: code that raised may have changed one without saying so.
        """
        self._rows.clear()
        self._dirty.clear()

    def close(self) -> None:
        """Hold nothing any more."""
        self.revert()
        self._cache.leave(self)

    def _weigh(self, row_bytes: float) -> None:
        """Follow the mean size of packed rows."""
        self._row_bytes += (row_bytes - self._row_bytes) * (WEIGHT if self._row_bytes else 1)

    def _unpack(self, raw: bytes) -> Row:
        try:
            row: Row = self._processor.unpack(raw)
        except Exception as exc:
            raise StateMismatch(f"a row cannot be read ({exc}): was it written by a later version? Run that one again") from exc
        return row


def _check(key: bytes) -> None:
    if key.startswith(b"\0"):
        raise ValueError("row keys that begin with a zero byte are the engine's own")
