"""The data folder."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from streamrec.engine.store.folder import instance_id, locked, write_web
from streamrec.errors import DataFolderInUse


def test_a_data_folder_serves_one_worker_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on the way"
    with locked(folder), pytest.raises(DataFolderInUse, match="--data-dir"), locked(folder):
        pass
    with locked(folder):
        pass


def test_the_instance_id_is_made_up_once_unless_it_is_given(tmp_path: Path) -> None:
    made = instance_id(tmp_path, None)
    assert len(made) == 32
    assert instance_id(tmp_path, None) == made
    assert instance_id(tmp_path, "mine") == "mine"


def test_the_folder_and_what_is_made_in_it_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "user" / "0").mkdir(parents=True)
    (folder / "user" / "0" / "CURRENT").write_text("of an older version")
    (folder / "notes").write_text("of somebody else")
    (folder / "notes").chmod(0o644)
    before = os.umask(0)
    try:
        with locked(folder):
            instance_id(folder, None)
            write_web(folder, "127.0.0.1", 6066)
            (folder / "user" / "1").mkdir()
            (folder / "user" / "1" / "LOG").write_text("of RocksDB")
        (tmp_path / "after").write_text("")
    finally:
        os.umask(before)
    modes = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert {modes.pop(name) for name in ("data", "data/user", "data/user/0", "data/user/1")} == {0o700}
    assert modes.pop("data/notes") == 0o644
    assert modes.pop("after") == 0o666, "the umask ends with the lock"
    assert set(modes.values()) == {0o600}
    assert {"data/lock", "data/instance", "data/web.json", "data/user/0/CURRENT", "data/user/1/LOG"} == set(modes)


@pytest.mark.parametrize(("bound", "told"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.7", "10.0.0.7")])  # noqa: S104
def test_web_json_names_an_address_that_this_machine_reaches(tmp_path: Path, bound: str, told: str) -> None:
    write_web(tmp_path, bound, 6066)
    assert json.loads((tmp_path / "web.json").read_bytes())["host"] == told


def test_web_json_names_address_and_process(tmp_path: Path) -> None:
    write_web(tmp_path, "127.0.0.1", 6066)
    assert json.loads((tmp_path / "web.json").read_bytes()) == {"host": "127.0.0.1", "port": 6066, "pid": os.getpid()}
