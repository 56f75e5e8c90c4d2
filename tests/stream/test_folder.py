"""The data folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from streamrec.errors import DataFolderInUse
from streamrec.stream.folder import instance_id, locked, write_web


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


def test_web_json_names_address_and_process(tmp_path: Path) -> None:
    write_web(tmp_path, "127.0.0.1", 6066)
    assert json.loads((tmp_path / "web.json").read_bytes()) == {"host": "127.0.0.1", "port": 6066, "pid": os.getpid()}
