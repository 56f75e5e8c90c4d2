"""Folders for their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamrec.errors import FolderNotOurs
from streamrec.system.private import made_private, private_umask


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_folder_and_new_files_are_for_their_owner_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "data"
    made_private(folder, [])
    with private_umask():
        (folder / "inside").mkdir()
        (folder / "inside" / "file").write_text("")
    assert [mode(path) for path in (folder, folder / "inside", folder / "inside" / "file")] == [0o700, 0o700, 0o600]
    assert os.umask(umask) == umask, "the process has its own one back"


def test_what_an_older_version_left_open_is_closed_and_nothing_else_is_touched(tmp_path: Path) -> None:
    old, other, elsewhere = tmp_path / "user" / "0" / "CURRENT", tmp_path / "notes.sh", tmp_path.parent / "elsewhere.sh"
    old.parent.mkdir(parents=True)
    for file in (old, other, elsewhere):
        file.write_text("")
        file.chmod(0o755)
    (old.parent / "link").symlink_to(elsewhere)
    for folder in (tmp_path, tmp_path / "user", old.parent):
        folder.chmod(0o755)
    made_private(tmp_path, ["user", "missing"])
    assert [mode(path) for path in (tmp_path, tmp_path / "user", old.parent, old)] == [0o700, 0o700, 0o700, 0o600]
    assert [mode(path) for path in (other, elsewhere)] == [0o755, 0o755]


def test_a_folder_behind_a_link_is_closed_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made_private(tmp_path / "link", [])
    assert mode(tmp_path / "real") == 0o700


@pytest.mark.parametrize("whose", ["", "user", "user/0/CURRENT"])
def test_what_belongs_to_another_user_is_refused_and_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    file = tmp_path / "user" / "0" / "CURRENT"
    file.parent.mkdir(parents=True)
    file.write_text("")
    file.chmod(0o644)
    found = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        real = found(path)
        return os.stat_result([*real[:4], real.st_uid + 1, *real[5:]]) if path == tmp_path / whose else real

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(FolderNotOurs, match=r"belongs to the user .* --data-dir"):
        made_private(tmp_path, ["user"])
    assert mode(file) == 0o644
