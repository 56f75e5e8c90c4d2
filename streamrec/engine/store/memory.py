"""Rows in memory: for tests, and as the smallest example of a store."""

from __future__ import annotations

from collections.abc import Iterable

from streamrec.contract.rows import MemoryRows
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.store import Store


class MemoryStore:
    """Implements `Store` in a dictionary. It is gone with the process: a partition on it is recovered from its whole changelog."""

    where = "memory"
    holds_deleted = False

    def __init__(self) -> None:
        self.rows = MemoryRows[bytes]()
        self.stamp: Stamp | None = None

    def get(self, key: bytes) -> bytes | None:
        """See `Store`."""
        return self.rows.get(key)

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """See `Store`."""
        return list(map(self.rows.get, keys))

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """See `Store`."""
        return self.rows.scan(prefix, after, most)

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], stamp: Stamp | None = None) -> None:
        """See `Store`."""
        for key, row in rows:
            if row is None:
                self.rows.delete(key)
            else:
                self.rows.put(key, row)
        self.stamp = stamp or self.stamp

    def purge(self) -> None:
        """See `Store`; what is deleted leaves nothing here."""

    def wipe(self) -> None:
        """See `Store`."""
        self.rows.clear()
        self.stamp = None

    def close(self) -> None:
        """See `Store`."""
        self.rows.clear()


_conforms: type[Store] = MemoryStore  # the worker opens none, so that mypy would not compare the two
