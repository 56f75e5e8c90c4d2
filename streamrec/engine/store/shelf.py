"""The rows in a data folder, read without a worker, or beside one that runs."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from rocksdict import AccessType, Options, Rdict

from streamrec.engine.store.disk import STAMP
from streamrec.engine.store.folder import locked
from streamrec.engine.store.mark import Stamp, decode_stamp
from streamrec.engine.store.table import OWN
from streamrec.errors import DataFolderInUse, InputError


class Packed(NamedTuple):
    """A row as it lies there: state family, partition, key and bytes."""

    family: str
    partition: int
    key: bytes
    raw: bytes


class Shelf:
    """A data folder that is held as long as it is read; `live` when a worker runs on it."""

    def __init__(self, folder: Path, live: bool) -> None:
        self.live = live
        self._folder = folder

    def partitions(self, family: str) -> list[int]:
        """The partitions of a family that lie in the folder."""
        return sorted(int(path.name) for path in (self._folder / family).glob("*") if path.name.isdigit())

    def get(self, family: str, partition: int, key: bytes) -> bytes | None:
        """One packed row."""
        with self._opened(family, partition) as disk:
            return disk.get(key)

    def rows(self, family: str) -> Iterator[Packed]:
        """All packed rows of a family, by partition and key."""
        for number in self.partitions(family):
            with self._opened(family, number) as disk:
                for key, raw in _rows(disk):
                    yield Packed(family, number, key, raw)

    def saved_ms(self, family: str, partition: int) -> int | None:
        """As of when the partition is, if it is whole."""
        with self._opened(family, partition) as disk:
            stamp = _stamp(disk)
        return stamp.saved_ms if stamp is not None else None

    def _opened(self, family: str, partition: int) -> contextlib.AbstractContextManager[Rdict]:
        return _opened(self._folder / family / str(partition), live=self.live)


def rows_on_disk(folder: Path) -> dict[bytes, bytes]:
    """The packed rows of one partition, on which no worker runs; raises InputError where it cannot be opened."""
    with _opened(folder) as disk:
        return dict(_rows(disk))


def stamp_on_disk(folder: Path) -> Stamp | None:
    """What the disk of one partition says that it holds; raises as `rows_on_disk` does."""
    with _opened(folder) as disk:
        return _stamp(disk)


def _rows(disk: Rdict) -> Iterator[tuple[bytes, bytes]]:
    rows = cast(Iterator[tuple[bytes, bytes]], disk.items())
    return ((key, raw) for key, raw in rows if not OWN(key))


def _stamp(disk: Rdict) -> Stamp | None:
    try:
        raw = disk.get(STAMP)
    except Exception as exc:
        raise _unreadable(Path(disk.path()), exc) from exc
    return decode_stamp(raw) if raw is not None else None


def _unreadable(folder: Path, exc: Exception) -> InputError:
    return InputError(f"{folder} cannot be read ({exc}); a worker builds it anew from the changelog")


@contextlib.contextmanager
def _opened(folder: Path, *, live: bool = False) -> Iterator[Rdict]:
    with contextlib.ExitStack() as stack:
        # A worker holds RocksDB's lock: beside it, the disk is followed as a second instance, which keeps its own notes.
        second = stack.enter_context(tempfile.TemporaryDirectory(prefix="streamrec-")) if live else None
        access = AccessType.secondary(second) if second else AccessType.read_only()
        try:
            disk = Rdict(str(folder), Options(raw_mode=True), access_type=access)
        except Exception as exc:
            raise _unreadable(folder, exc) from exc
        stack.callback(disk.close)
        yield disk


@contextlib.contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    """The rows of a data folder; no worker can start on it meanwhile.

    Raises:
        InputError: it is no data folder.
    """
    if not (folder / "user").is_dir():
        raise InputError(f"{folder} is not the data folder of a worker; name one with --data-dir")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder))
            live = False
        except DataFolderInUse:
            live = True
        yield Shelf(folder, live)
