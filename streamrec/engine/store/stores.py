"""Which store keeps the rows of a worker: the one place that names it."""

from __future__ import annotations

from pathlib import Path

from streamrec.engine.store.disk import Disk
from streamrec.engine.store.store import Store


def open_store(folder: Path, forgets: bool) -> Store:
    """The store of the partition whose folder this is; with `forgets`, `purge` must leave nothing of rows that were deleted.

    Raises:
        DiskFault: it cannot be opened, or another process holds it.
    """
    return Disk(folder, forgets)
