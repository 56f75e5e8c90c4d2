"""The rows of one partition as the pure code sees them: those of the batch at hand, packed ones in memory, and the disk behind."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

from streamrec.contract.processor import Processor
from streamrec.engine.store.store import Store
from streamrec.errors import StateMismatch

Row = TypeVar("Row")
Packed = dict[bytes, bytes | None]
"""Packed rows by key; None is a deleted row."""

ENTRY_BYTES = 150
"""What a row takes in memory beside its own bytes: key, objects and its place in a dictionary."""


class Budget:
    """Bounds the bytes that all tables of a worker take in memory for rows that the disk has as well."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._held: dict[object, int] = {}

    def rows(self, table: object, rows: int, row_bytes: float) -> int:
        """How many of its rows, which have this mean size, a table may keep."""
        self._held[table] = int(rows * (row_bytes + ENTRY_BYTES))
        total = sum(self._held.values())
        # In proportion: a table that holds more, because more is asked of it, may keep more.
        return rows if total <= self._limit else rows * self._limit // total

    def leave(self, table: object) -> None:
        """Forget a table that was closed."""
        self._held.pop(table, None)


class Table(Generic[Row]):
    """Implements `Rows`. Every method belongs to the core thread.

    Rows are unpacked for one batch only: unpacked ones at rest would be scattered over more memory than any cache holds, and
    cost more to pack later than to unpack anew. It also makes a batch whole: `commit` takes all that was sealed, `abandon` nothing.

    A packed row is pinned in memory from its change until the disk holds it: between, the disk would give an older one.
    """

    def __init__(self, disk: Store, processor: Processor[Any, Any], budget: Budget) -> None:
        self._disk = disk
        self._processor = processor
        self._budget = budget
        self._open: dict[bytes, Row | None] = {}
        self._changed: set[bytes] = set()
        self._sealed: Packed = {}
        self._packed: Packed = {}
        self._dirty: Packed = {}
        self._saving: Packed = {}
        self._row_bytes = 0.0

    @property
    def dirty(self) -> bool:
        """Whether batches have changed rows since the last snapshot."""
        return bool(self._dirty)

    def __len__(self) -> int:
        """How many packed rows are in memory."""
        return len(self._packed)

    def expect(self, keys: Iterable[bytes | None]) -> None:
        """Unpack the rows that the batch will ask for; reading many from the disk at once costs half as much as one by one."""
        rows, packed, unpack, away = self._open, self._packed, self._unpack, []
        for key in set(keys):
            if key in packed:
                rows[key] = unpack(packed[key])
            elif key is not None:
                away.append(key)
        if away:
            rows.update(zip(away, map(unpack, self._disk.get_many(away)), strict=True))

    def get(self, key: bytes) -> Row | None:
        """The row; change it only together with a `put`."""
        try:
            return self._open[key]
        except KeyError:
            row = self._open[key] = self._unpack(self._packed[key] if key in self._packed else self._disk.get(key))
            return row

    def put(self, key: bytes, row: Row) -> None:
        """Set the row, or mark it as changed."""
        self._open[key] = row
        self._changed.add(key)

    def delete(self, key: bytes) -> None:
        """Take the row out of memory, changelog and disk."""
        self._open[key] = None
        self._changed.add(key)

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """See `Rows`."""
        return self._disk.scan(prefix, after, most)

    def seal(self) -> None:
        """Pack what the batch changed; the batch may still be abandoned.

        Raises:
            ValueError: a key is one of the engine's own.
        """
        # Apart from `commit`, because packing may raise: then no table of the batch must have been committed.
        rows, pack = self._open, self._processor.pack
        self._sealed = {key: None if (row := rows[key]) is None else pack(row) for key in self._changed}
        # The least of the keys: they begin with a zero byte before all others.
        if min(filter(None, self._sealed), default=b"\1").startswith(b"\0"):
            raise ValueError("row keys that begin with a zero byte are the engine's own")

    def commit(self) -> None:
        """End the batch: what was sealed counts."""
        self._packed.update(self._sealed)
        self._dirty.update(self._sealed)
        self.abandon()

    def abandon(self) -> None:
        """End the batch: what was not committed is dropped."""
        self._open.clear()
        self._changed.clear()
        self._sealed = {}

    def snapshot(self) -> Packed:
        """Take what has changed since the last snapshot; it stays pinned until `saved`."""
        self._saving, self._dirty = self._dirty, {}
        return self._saving

    def saved(self) -> None:
        """Unpin the rows of the last snapshot, which the disk holds by now, and drop the oldest rows beyond the budget."""
        saving, packed, dirty = self._saving, self._packed, self._dirty
        self._saving = {}
        deleted = [key for key, raw in saving.items() if raw is None and key not in dirty] if None in saving.values() else []
        for key in deleted:
            del packed[key]
        if saving:
            self._row_bytes = sum(map(len, filter(None, saving.values()))) / len(saving)
        # Which rows are used again nobody knows here, and keeping count would cost at every read: the oldest go first.
        excess = len(packed) - self._budget.rows(self, len(packed), self._row_bytes)
        if excess > 0:
            for key in list(islice((key for key in packed if key not in dirty), excess)):
                del packed[key]

    def close(self) -> None:
        """Drop everything."""
        self.abandon()
        self._packed, self._dirty, self._saving = {}, {}, {}
        self._budget.leave(self)

    def _unpack(self, raw: bytes | None) -> Row | None:
        if raw is None:
            return None
        try:
            row: Row = self._processor.unpack(raw)
        except Exception as exc:
            raise StateMismatch(f"a row cannot be read ({exc}): was it written by a later version? Run that one again") from exc
        return row
