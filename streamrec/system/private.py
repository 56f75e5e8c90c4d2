"""Folders that only their owner can read, whatever the umask is and whatever an older version left behind."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from streamrec.errors import FolderNotOurs

log = structlog.get_logger(__name__)

OTHERS = 0o077
"""The permission bits of everyone but the owner."""


def made_private(folder: Path, names: Sequence[str]) -> None:
    """Make the folder if it is missing, and give it and what it holds under `names` to its owner alone.

    Links are left alone: their targets belong to whoever made them.

    Raises:
        FolderNotOurs: it belongs to another user, who could read and change what is in it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = folder.resolve()
    _close(folder)
    if folder.stat().st_mode & OTHERS:
        # Such as a FAT volume or a bind mount from another system: refusing would leave no way to use it.
        log.warning("others can read this folder, since its file system has no rights of its own", folder=str(folder))
        return
    for path in (folder / name for name in names):
        _close(path)
        for inside, folders, files in os.walk(path):
            for name in (*folders, *files):
                _close(Path(inside, name))


@contextlib.contextmanager
def private_umask() -> Iterator[None]:
    """Give new files of this process, also those that libraries make, to their owner alone."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def _close(path: Path) -> None:
    try:
        entry = path.lstat()
    except FileNotFoundError:
        return  # never there, or removed by a worker that runs on the folder
    if stat.S_ISLNK(entry.st_mode):
        return
    if entry.st_uid != os.geteuid():
        raise FolderNotOurs(
            f"{path} belongs to the user {entry.st_uid}, and this process runs as {os.geteuid()}: run it as that user, "
            "choose another folder with --data-dir, or hand this one over (chown -R)"
        )
    # The owner's own bits too: a umask may have withheld them.
    wanted = 0o700 if stat.S_ISDIR(entry.st_mode) else 0o600
    if stat.S_IMODE(entry.st_mode) != wanted:
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.chmod(wanted)
