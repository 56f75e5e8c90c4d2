"""Disks of partitions that are not ours any more: they are deleted after a while, or people who were erased since would stay on them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LEFT = ".left"
"""Put behind the name of a folder that is about to be deleted: nobody opens it any more."""


class Leftovers:
    """The folders of a data folder that no open partition uses, and since when."""

    def __init__(self, folder: Path, families: Collection[str], kept_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._families, self._kept_s, self._clock = folder, families, kept_s, clock
        self._since: dict[Path, float] = {}

    def due(self, used: Collection[tuple[str, int]]) -> list[Path]:
        """Folders to be deleted, out of everybody's way by now. `used` are the partitions (family, number) that are open or about to be.

        A partition that comes back within `kept_s` finds its disk; one that comes back later reads the changelog.
        """
        now, found = self._clock(), set[Path]()
        for family in self._families:
            for path in (self._folder / family).glob("*"):
                if path.name.endswith(LEFT) or (path.name.isdigit() and (family, int(path.name)) not in used):
                    found.add(path)
        self._since = {path: self._since.get(path, now) for path in found}
        late = [path for path, since in self._since.items() if path.name.endswith(LEFT) or now - since >= self._kept_s]
        return [path if path.name.endswith(LEFT) else path.rename(path.with_name(path.name + LEFT)) for path in late]


def delete(folders: Collection[Path]) -> None:
    """Delete folders for good."""
    for folder in folders:
        log.info("a disk of a partition that another worker has is deleted", folder=str(folder))
        shutil.rmtree(folder)
