"""The rows of one partition in memory, for whoever runs the processors without a disk: replay, library and tests."""

from __future__ import annotations

from typing import TypeVar

Row = TypeVar("Row")


class MemoryRows(dict[bytes, Row]):
    """A state table in memory; it satisfies `streamrec.contract.records.Rows`."""

    def put(self, key: bytes, row: Row) -> None:
        """Keep the row."""
        self[key] = row

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """The next keys with a prefix, in order."""
        return sorted(key for key in self if key.startswith(prefix) and key > after)[:most]

    def delete(self, key: bytes) -> None:
        """Forget the row."""
        self.pop(key, None)
