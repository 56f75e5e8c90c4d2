"""Disks of partitions that other workers have now: deleted after a while, or people who are erased meanwhile would stay on them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LEFT = ".left"
"""Ends the name of a folder that is about to be deleted. Renaming is at once: a partition that comes back meanwhile makes a new folder
instead of opening one whose files vanish."""


class Leftovers:
    """The folders of a data folder that no open partition uses, and since when."""

    def __init__(self, folder: Path, families: Collection[str], kept_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._families, self._kept_s, self._clock = folder, families, kept_s, clock
        self._since: dict[Path, float] = {}

    def due(self, used: Collection[tuple[str, int]]) -> list[Path]:
        """Folders to delete, renamed already. `used` are the partitions (family, number) that are open or about to be.

        A partition that comes back within `kept_s` finds its disk; one that comes back later is read from its changelog.
        """
        now, unused = self._clock(), set[Path]()
        for family in self._families:
            for path in (self._folder / family).glob("*"):
                if path.name.endswith(LEFT) or (path.name.isdecimal() and (family, int(path.name)) not in used):
                    unused.add(path)
        self._since = {path: self._since.get(path, now) for path in unused}
        late = [path for path, since in self._since.items() if path.name.endswith(LEFT) or now - since >= self._kept_s]
        return [path if path.name.endswith(LEFT) else path.rename(path.with_name(path.name + LEFT)) for path in late]


def delete(folders: Collection[Path]) -> None:
    """Delete folders for good."""
    for folder in folders:
        log.info("a disk of a partition that another worker has is deleted", folder=str(folder))
        shutil.rmtree(folder)
