"""The state table of one partition as the pure code sees it, and one that lies in memory."""

from __future__ import annotations

from typing import Protocol, TypeVar

Row = TypeVar("Row")


class Rows(Protocol[Row]):
    """The rows of one partition. A row that was changed must be `put`."""

    def get(self, key: bytes, /) -> Row | None: ...
    def put(self, key: bytes, row: Row) -> None: ...
    def delete(self, key: bytes) -> None: ...
    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """The next `most` keys with a prefix, behind `after` and in order, of rows that are saved."""
        ...


class MemoryRows(dict[bytes, Row]):
    """Rows in a dictionary: for replays, tests and the store that lies in memory."""

    def put(self, key: bytes, row: Row) -> None:
        """Keep the row."""
        self[key] = row

    def delete(self, key: bytes) -> None:
        """Forget the row, if there is one."""
        self.pop(key, None)

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """See `Rows`; here every row counts as saved. Sorts all keys: a replay asks once."""
        return sorted(key for key in list(self) if key.startswith(prefix) and key > after)[:most]
