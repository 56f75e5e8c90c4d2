"""Disks that are torn by a crash, and disks that are full."""

from __future__ import annotations

import errno
import io
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SMALL_MIB = 96
BALLAST = "ballast"
CHUNK = 64 * 1024


def _cut(log: Path, dice: random.Random) -> None:
    size = log.stat().st_size
    with log.open("r+b") as handle:
        handle.truncate(max(0, size - dice.randint(1, max(1, size // 2))))


def _overwrite(log: Path, dice: random.Random) -> None:
    size = log.stat().st_size
    with log.open("r+b") as handle:
        handle.seek(max(0, size - dice.randint(1, max(1, size // 2))))
        handle.write(dice.randbytes(64))


def _zero(log: Path, dice: random.Random) -> None:
    """As a file system leaves blocks that were allotted and never written."""
    size = log.stat().st_size
    length = dice.randint(1, max(1, size // 2))
    with log.open("r+b") as handle:
        handle.seek(max(0, size - length))
        handle.write(bytes(length))


def _delete(log: Path, dice: random.Random) -> None:
    log.unlink()


def _no_contents(log: Path, dice: random.Random) -> None:
    (log.parent / "CURRENT").unlink(missing_ok=True)


def _no_manifest(log: Path, dice: random.Random) -> None:
    for manifest in log.parent.glob("MANIFEST-*"):
        manifest.unlink()


WAYS: tuple[Callable[[Path, random.Random], None], ...] = (_cut, _overwrite, _zero, _delete, _no_contents, _no_manifest)


def tear(folder: Path, way: Callable[[Path, random.Random], None], dice: random.Random) -> int:
    """Do harm to the newest write-ahead log of every database under a folder; how many there were."""
    newest = {log.parent: log for log in sorted(folder.glob("*/*/*.log"))}
    for log in newest.values():
        way(log, dice)
    return len(newest)


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Put a small file system in memory in place of a folder; False where this user may not."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MIB}m", "streamrec-faults", str(folder)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def ballast(folder: Path) -> Iterator[None]:
    """Fill the file system of a folder to the last byte, and make room again."""
    file = folder / BALLAST
    try:
        with file.open("wb", buffering=0) as handle:
            for size in (CHUNK, 1):
                _fill(handle, size)
        yield
    finally:
        file.unlink(missing_ok=True)


def _fill(handle: io.FileIO, size: int) -> None:
    try:
        while handle.write(bytes(size)):
            pass
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
