"""The rows in a data folder, read without a worker, or beside one that runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from streamrec.engine.store.folder import locked
from streamrec.engine.store.mark import Stamp
from streamrec.engine.store.store import Reader
from streamrec.engine.store.stores import read_store
from streamrec.errors import DataFolderInUse, InputError


class Packed(NamedTuple):
    """A row as it lies there: state family, partition, key and bytes."""

    family: str
    partition: int
    key: bytes
    raw: bytes


class Shelf:
    """A data folder that is locked while it is read; `live` if a worker runs on it."""

    def __init__(self, folder: Path, live: bool) -> None:
        self.live = live
        self._folder = folder

    def partitions(self, family: str) -> list[int]:
        """The partitions of a family that lie in the folder."""
        return sorted(int(path.name) for path in (self._folder / family).glob("*") if path.name.isdecimal())

    def get(self, family: str, partition: int, key: bytes) -> bytes | None:
        """One packed row."""
        with self._opened(family, partition) as reader:
            return reader.get(key)

    def rows(self, family: str) -> Iterator[Packed]:
        """All packed rows of a family, by partition and key."""
        for number in self.partitions(family):
            with self._opened(family, number) as reader:
                for key, raw in reader.rows():
                    yield Packed(family, number, key, raw)

    def saved_ms(self, family: str, partition: int) -> int | None:
        """When (ms) the partition was last saved, if it is whole."""
        with self._opened(family, partition) as reader:
            stamp = reader.stamp
        return stamp.saved_ms if stamp is not None else None

    def _opened(self, family: str, partition: int) -> contextlib.AbstractContextManager[Reader]:
        return read_store(self._folder / family / str(partition), self.live)


def rows_on_disk(folder: Path) -> dict[bytes, bytes]:
    """The packed rows of one partition, on which no worker runs; raises InputError where it cannot be opened."""
    with read_store(folder) as reader:
        return dict(reader.rows())


def stamp_on_disk(folder: Path) -> Stamp | None:
    """What the disk of one partition says that it holds; raises as `rows_on_disk` does."""
    with read_store(folder) as reader:
        return reader.stamp


@contextlib.contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """Open a data folder for reading; no worker can start on it meanwhile.

    Raises:
        InputError: the folder is no data folder.
    """
    if not (folder / "user").is_dir():
        raise InputError(f"{folder} is not the data folder of a worker; name one with --data-dir")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder))
            live = False
        except DataFolderInUse:
            live = True  # its worker goes on, and what is read is as of its last checkpoints
        yield Shelf(folder, live)
