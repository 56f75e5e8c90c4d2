"""Disks are torn as a crash tears them, and the engine's own disk opens all the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults import disks
from streamrec.engine.store.disk import Disk
from streamrec.engine.store.mark import Stamp

ROWS = 200


def left_open(folder: Path) -> Path:
    """A disk as kill -9 leaves it: what was written lies in the write-ahead log; a copy, for this process is still at work."""
    disk = Disk(folder / "at-work" / "user" / "0")
    for number in range(ROWS):
        disk.write([(b"key-%d" % number, bytes(100))], Stamp("log", number, 0, b"mark"))
    copy = folder / "killed" / "user" / "0"
    copy.mkdir(parents=True)
    for file in disk.folder.iterdir():
        if file.name != "LOCK":
            (copy / file.name).write_bytes(file.read_bytes())
    disk.close()
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("way", disks.WAYS)
def test_a_torn_disk_opens_at_some_earlier_moment_or_empty(tmp_path: Path, way: Any) -> None:
    folder = left_open(tmp_path)
    before = contents(folder)
    assert disks.tear(tmp_path / "killed", way, random.Random(1)) == 1
    assert contents(folder) != before
    disk = Disk(folder)
    try:
        held = sum(disk.get(b"key-%d" % number) is not None for number in range(ROWS))
        assert held == (disk.stamp.position + 1 if disk.stamp is not None else 0)
    finally:
        disk.close()


def test_ballast_fills_a_disk_and_is_gone_again(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    with disks.small_disk(folder) as real:
        if not real:
            pytest.skip("only a superuser can mount a small disk")
        with disks.ballast(folder), pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"more")
        (folder / "enough").write_bytes(b"room")
    assert list(folder.iterdir()) == []
