"""Reads what a `Disk` has left in a folder, without changing it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from rocksdict import AccessType, Options, Rdict

from streamrec.engine.store.disk import STAMP
from streamrec.engine.store.mark import Stamp, decode_stamp
from streamrec.engine.store.store import FIRST_ROW
from streamrec.errors import InputError


class DiskReader:
    """Implements `Reader`."""

    def __init__(self, db: Rdict) -> None:
        self._db = db

    @property
    def stamp(self) -> Stamp | None:
        """See `Reader`; raises InputError where it cannot be read."""
        try:
            raw = self._db.get(STAMP)
        except Exception as exc:
            raise _unreadable(Path(self._db.path()), exc) from exc
        return decode_stamp(raw) if raw is not None else None

    def get(self, key: bytes) -> bytes | None:
        """See `Reader`."""
        return cast(bytes | None, self._db.get(key))

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """See `Reader`."""
        return cast(Iterator[tuple[bytes, bytes]], self._db.items(from_key=FIRST_ROW))


@contextlib.contextmanager
def disk_reader(folder: Path, live: bool) -> Iterator[DiskReader]:
    """The rows in a folder; with `live` beside a worker that writes them, as of now.

    Raises:
        InputError: they cannot be read.
    """
    with contextlib.ExitStack() as stack:
        # A worker holds RocksDB's lock: beside it, the disk is followed as a second instance, which keeps its own notes.
        second = stack.enter_context(tempfile.TemporaryDirectory(prefix="streamrec-")) if live else None
        access = AccessType.secondary(second) if second else AccessType.read_only()
        try:
            db = Rdict(str(folder), Options(raw_mode=True), access_type=access)
        except Exception as exc:
            raise _unreadable(folder, exc) from exc
        stack.callback(db.close)
        yield DiskReader(db)


def _unreadable(folder: Path, exc: Exception) -> InputError:
    return InputError(f"{folder} cannot be read ({exc}); a worker builds it anew from the changelog")
