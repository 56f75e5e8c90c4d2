"""What the engine and the tools ask of whatever keeps the rows of a partition. RocksDB does it, and memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from streamrec.engine.store.mark import Stamp

FIRST_ROW = b"\x01"
"""No row has a key below this one: those that begin with a zero byte are the engine's own (see `mark`)."""


class Store(Protocol):
    """Holds packed rows by key, and the stamp that says up to where they follow the changelog, which is the truth.

    Calls come from several threads: rows are read on the core's while the event loop writes, or another one purges.
    """

    @property
    def where(self) -> str:
        """Where the rows lie, for messages."""
        ...

    @property
    def stamp(self) -> Stamp | None:
        """The stamp that was written last; without one, the rows are of no use."""
        ...

    @property
    def holds_deleted(self) -> bool:
        """Whether bytes of deleted rows may still be there, so that it should be purged."""
        ...

    def get(self, key: bytes) -> bytes | None:
        """One row, if it is there."""
        ...

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Rows in the order of their keys."""
        ...

    def scan(self, prefix: bytes, after: bytes, most: int) -> list[bytes]:
        """The next `most` keys of rows with a prefix, behind `after` and in order; never those of the engine's own."""
        ...

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], stamp: Stamp | None = None) -> None:
        """Write rows (None deletes one) and the stamp that belongs to them: all of it or nothing, even through a crash.

        Without a stamp the former one stays: the changelog is read from there, and gives the same rows once more.
        """
        ...

    def purge(self) -> None:
        """Remove every trace of deleted rows."""
        ...

    def wipe(self) -> None:
        """Remove everything, and go on empty."""
        ...

    def close(self) -> None:
        """Release everything; no other call follows."""
        ...


class Reader(Protocol):
    """The rows that a store has left in a folder, for tools; opened without a worker, or beside the one that has them open."""

    @property
    def stamp(self) -> Stamp | None:
        """The stamp of the rows; without one, the partition is not whole."""
        ...

    def get(self, key: bytes) -> bytes | None:
        """One row, if it is there."""
        ...

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """All rows in the order of their keys, without those of the engine's own."""
        ...
