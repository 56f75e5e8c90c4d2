"""The disk of one partition: opened when it is free, built anew only when it is damaged, and without a trace of what was deleted."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.faults import disks
from streamrec.engine.store import disk as disk_module
from streamrec.engine.store.disk import DAMAGED, UNPURGED, Disk
from streamrec.engine.store.disk_reader import disk_reader
from streamrec.engine.store.mark import Stamp
from streamrec.errors import DiskFault, InputError
from streamrec.system.core import off_loop

STAMP = Stamp("changelog", 7, 1, b"mark")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a disk with a row, which is closed."""
    disk = Disk(tmp_path / "0")
    disk.write([(b"key", b"row")], STAMP)
    disk.close()
    return disk.folder


def test_a_disk_that_is_still_open_is_waited_for_and_not_wiped(folder: Path) -> None:
    first, opened = Disk(folder), threading.Event()
    rows: list[bytes | None] = []

    def second() -> None:
        disk = Disk(folder)
        rows.append(disk.get(b"key"))
        disk.close()
        opened.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not opened.wait(0.2)
    assert first.get(b"key") == b"row", "the folder of an open disk was deleted"
    first.close()
    thread.join()
    assert rows == [b"row"]


def test_only_a_folder_that_was_written_to_is_made_anew(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "1")
    first = disk._db
    disk.wipe()
    assert disk._db is first
    disk.write([(b"key", b"row")])
    disk.wipe()
    assert disk.get(b"key") is None
    disk.write([(b"key", b"row")])
    disk.close()
    again = Disk(tmp_path / "1")
    again.wipe()
    assert again.get(b"key") is None
    again.close()


def test_one_that_is_never_let_go_of_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "LOCK_S", 0.1)
    first = Disk(folder)
    with pytest.raises(DiskFault, match="see who uses it"):
        Disk(folder)
    assert first.get(b"key") == b"row"
    first.close()


def test_an_opening_that_was_given_up_leaves_no_disk_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a rebalance does it amid the opening of a partition, again and again."""
    original, begun, go_on = disk_module.Disk._open, threading.Event(), threading.Event()

    def slow(disk: Disk) -> object:
        begun.set()
        go_on.wait(60)
        return original(disk)

    monkeypatch.setattr(disk_module.Disk, "_open", slow)

    async def give_up() -> None:
        opening = asyncio.create_task(off_loop(Disk, folder, undo=Disk.close))
        await asyncio.to_thread(begun.wait)
        opening.cancel()
        go_on.set()
        await asyncio.wait([opening])

    for _ in range(5):
        begun.clear()
        go_on.clear()
        asyncio.run(give_up())
    disk = Disk(folder)
    assert disk.get(b"key") == b"row"
    disk.close()


@pytest.mark.parametrize("way", disks.WAYS)
def test_a_damaged_disk_is_built_anew(folder: Path, way: object) -> None:
    newest = sorted(folder.glob("*.log"))[-1]
    way(newest, random.Random(1))  # type: ignore[operator]
    disk = Disk(folder)
    assert disk.get(b"key") in (b"row", None)
    if disk.get(b"key") is None:
        assert disk.stamp is None
    disk.close()


def test_one_that_was_found_damaged_while_it_was_read_is_built_anew_at_the_next_start(folder: Path) -> None:
    (folder / DAMAGED).touch()
    disk = Disk(folder)
    assert (disk.get(b"key"), disk.stamp) == (None, None)
    disk.close()
    assert not (folder / DAMAGED).exists()


def test_one_that_may_not_be_opened_is_a_fault_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "0"
    file.mkdir()
    (file / "CURRENT").mkdir()
    with pytest.raises(DiskFault, match="may be written to"):
        Disk(file)
    assert (file / "CURRENT").is_dir()


def test_one_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "CURRENT").write_text("no such manifest\n")
    with pytest.raises(InputError, match=f"{folder} cannot be read"), disk_reader(folder, live=False):
        pass


def traces(folder: Path, *words: bytes) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and any(word in path.read_bytes() for word in words)]


@given(others=st.integers(0, 300), writes=st.integers(1, 4), deleted=st.integers(1, 150), seed=st.integers(0, 99))
def test_of_deleted_rows_nothing_is_left_in_any_file(
    tmp_path_factory: pytest.TempPathFactory, others: int, writes: int, deleted: int, seed: int
) -> None:
    disk = Disk(tmp_path_factory.mktemp("disk"), forgets=True)
    dice = random.Random(seed)
    for number in range(writes):
        rows = [(b"user-%d" % dice.randrange(1000), b"other") for _ in range(others)]
        disk.write([*rows, *((b"victim-%d" % one, b"SECRET %d" % number) for one in range(deleted))], STAMP)
        if dice.random() < 0.5:
            disk._db.flush()
    disk.write([(b"victim-%d" % one, None) for one in range(deleted)], STAMP)
    assert disk.holds_deleted
    disk.purge()
    assert not disk.holds_deleted
    assert traces(disk.folder, b"victim", b"SECRET") == []
    assert disk.stamp == STAMP
    disk.close()
    again = Disk(disk.folder)
    assert again.stamp == STAMP
    again.close()


def test_what_was_deleted_before_a_kill_is_purged_by_the_next_process(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "0", forgets=True)
    disk.write([(b"victim", b"SECRET"), (b"other", b"row")], STAMP)
    disk.write([(b"victim", None)], STAMP)
    disk.close()
    assert (disk.folder / UNPURGED).exists()
    again = Disk(disk.folder, forgets=True)
    assert again.holds_deleted
    again.purge()
    assert traces(disk.folder, b"victim", b"SECRET") == []
    assert (again.get(b"other"), again.holds_deleted) == (b"row", False)
    again.close()


def test_a_disk_that_a_killed_process_left_half_made_is_built_anew(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    disk.write([(b"a", b"1")], Stamp("log", 7, 1, None))
    disk.close()
    for manifest in (tmp_path / "disk").glob("MANIFEST*"):
        manifest.unlink()
    disk = Disk(tmp_path / "disk")
    assert (disk.get(b"a"), disk.stamp) == (None, None)
    disk.close()


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from streamrec.engine.store.disk import Disk; from streamrec.engine.store.mark import Stamp\n"
        "disk = Disk(pathlib.Path(sys.argv[1]))\n"
        "for number in range(200):\n"
        "  disk.write([(b'a', b'%d' % number), (b'fill-%d' % number, bytes(100_000))], Stamp('log', number, 1, None))\n"
        "os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "disk")], check=False).returncode == 9
    disk = Disk(tmp_path / "disk")
    assert (disk.get(b"a"), disk.stamp) == (b"199", Stamp("log", 199, 1, None))
    assert None not in disk.get_many([b"fill-%d" % number for number in range(200)])
    disk.close()
