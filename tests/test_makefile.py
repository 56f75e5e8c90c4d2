"""`make` explains itself, and refuses a Python that is too old."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TARGETS = ("help", "install", "demo", "test", "check", "bench", "bench-bert", "quality", "soak", "faults", "clean")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    line = ["make", "-f", str(ROOT / "Makefile"), *arguments]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_target(tmp_path: Path) -> None:
    done = make(tmp_path)
    assert re.findall(r"^make ([\w-]+)", done.stdout, re.MULTILINE) == list(TARGETS)
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert phony[1].split() == list(TARGETS)


@pytest.mark.parametrize(
    ("python", "complaint"),
    [("", "Python 3.11 or later is needed and none was found"), ("false", "false is older than Python 3.11")],
)
def test_without_a_python_that_is_new_enough_it_says_what_to_do(tmp_path: Path, python: str, complaint: str) -> None:
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    done = make(tmp_path, "demo", f"PYTHON={python}")
    assert done.returncode != 0
    assert complaint in done.stderr
    assert "make PYTHON=/path/to/python" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_what_every_change_must_pass_is_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert lines[-2:] == ["make check", "make test"]
    assert "set -euo pipefail" in lines
