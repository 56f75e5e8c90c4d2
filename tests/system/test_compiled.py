"""Compiled code is kept where nobody else can write, and does not leak into processes that are started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamrec.system import compiled

CODE = "from streamrec.system.compiled import FOLDER; import os; print(FOLDER, [name for name in os.environ if name.startswith('NUMBA')])"


def said(**environment: str) -> str:
    """Where a process keeps its code, and what it hands on about it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    done = subprocess.run([sys.executable, "-c", CODE], env=kept | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_code_is_kept_in_the_cache_of_the_user_and_named_by_the_sources(tmp_path: Path) -> None:
    folder, handed_on = said(XDG_CACHE_HOME=str(tmp_path)).split(" ", 1)
    assert Path(folder).parent == tmp_path / "streamrec"
    assert Path(folder).is_dir()
    assert handed_on == "[]"


def test_a_folder_that_is_named_by_the_user_is_taken(tmp_path: Path) -> None:
    assert said(NUMBA_CACHE_DIR=str(tmp_path)).startswith(f"{tmp_path} ")


def test_a_folder_in_which_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "streamrec").mkdir()
    (tmp_path / "streamrec").chmod(0o777)
    folder, _ = said(XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path)).split(" ", 1)
    assert Path(folder).parent == tmp_path / f"streamrec-{os.getuid()}"


def test_what_an_image_has_compiled_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = tmp_path / "package" / f"streamrec-{compiled._digest()}"
    shipped.mkdir(parents=True)
    (shipped / "loop.nbi").write_bytes(b"compiled")
    monkeypatch.setattr(compiled, "SHIPPED", shipped.parent)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert (compiled._folder() / "loop.nbi").read_bytes() == b"compiled"


def test_code_of_versions_that_nobody_runs_any_more_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old, young = (tmp_path / "streamrec" / f"streamrec-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True, mode=0o700)
    (tmp_path / "streamrec").chmod(0o700)
    os.utime(old, (time.time() - compiled.KEPT_S - 60,) * 2)
    compiled._folder()
    assert (old.exists(), young.exists()) == (False, True)
