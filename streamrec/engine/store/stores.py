"""Which store keeps the rows of a worker: the one place that names it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from streamrec.engine.store.disk import Disk
from streamrec.engine.store.disk_reader import disk_reader
from streamrec.engine.store.store import Reader, Store


def open_store(folder: Path, forgets: bool) -> Store:
    """The store of the partition whose folder this is; with `forgets`, `purge` must leave nothing of rows that were deleted.

    Raises:
        DiskFault: it cannot be opened, or another process holds it.
    """
    return Disk(folder, forgets)


def read_store(folder: Path, live: bool = False) -> AbstractContextManager[Reader]:
    """Open what the store of a partition has left in its folder; `live` if a worker has it open.

    Raises:
        InputError: it cannot be read.
    """
    return disk_reader(folder, live)
