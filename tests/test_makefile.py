"""`make` explains itself, and refuses a Python that is too old."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TARGETS = ("help", "install", "demo", "test", "test-fast", "check", "build", "lock")
TARGETS += ("bench", "bench-bert", "quality", "understanding", "soak", "faults", "clean")
COMPILED = "-m streamrec.ranking.rehearsal"
"""What compiles the ranking."""

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


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose Python notes what it is asked for and says that it is of the version in the file `version`."""
    for name in ("setup.cfg", "pyproject.toml", "requirements-test.lock"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nif [ "$1" = -c ]; then cat version; else echo "$@" >> asked; fi\n')
    python.chmod(0o755)
    return tmp_path


def installed(clone: Path, version: str, *arguments: str) -> tuple[list[str], str]:
    """What pip is asked for, and what stands on stderr."""
    (clone / "version").write_text(version)
    done = make(clone, "install", *arguments)
    assert done.returncode == 0, done.stderr
    return (clone / "asked").read_text().splitlines(), done.stderr


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_what_tests_run_on_is_locked_and_nothing_is_built_elsewhere(clone: Path, version: str) -> None:
    asked, _ = installed(clone, version)
    assert asked == [
        "-m pip install --quiet --require-hashes --requirement requirements-test.lock",
        "-m pip install --quiet --no-deps --no-build-isolation --editable .",
        COMPILED,
    ]


@pytest.mark.parametrize("version", ["3.1", "3.14"])
def test_a_python_that_is_not_locked_gets_what_setup_cfg_allows_and_is_told_so(clone: Path, version: str) -> None:
    asked, said = installed(clone, version)
    assert asked == ["-m pip install --quiet --editable .[test]", COMPILED]
    assert f"requirements-test.lock is for Python 3.11 3.12 3.13, not {version}" in said


def test_who_does_not_want_the_lock_leaves_it_away(clone: Path) -> None:
    asked, said = installed(clone, "3.11", "LOCK=")
    assert asked == ["-m pip install --quiet --editable .[test]", COMPILED]
    assert "note:" not in said


def test_a_new_lock_is_installed(clone: Path) -> None:
    installed(clone, "3.11")
    assert len(installed(clone, "3.11")[0]) == 3, "nothing has changed"
    later = (clone / ".venv" / "test.stamp").stat().st_mtime + 1
    os.utime(clone / "requirements-test.lock", (later, later))
    assert len(installed(clone, "3.11")[0]) == 6


def test_the_package_is_made_with_what_makes_packages_and_nothing_else(clone: Path) -> None:
    done = make(clone, "build", "ARGS=--wheel")
    assert done.returncode == 0, done.stderr
    tools = [line for line in (ROOT / "setup.cfg").read_text().split() if line.startswith(("build>", "setuptools>"))]
    assert (clone / "asked").read_text().splitlines() == [f"-m pip install --quiet {' '.join(tools)}", "-m build --no-isolation --wheel"]


@pytest.mark.parametrize(("code", "complains"), [(130, False), (1, True)])
def test_ctrl_c_ends_the_demo_without_an_error_of_make(clone: Path, code: int, complains: bool) -> None:
    """As a terminal sends it: to make, to its shell and to the demo, which says goodbye first."""
    demo = clone / ".venv" / "bin" / "streamrec"
    demo.write_text(
        f"#!{sys.executable}\nimport signal, sys, time\n"
        # What was started in the background of a shell has SIGINT ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"try: print('runs', flush=True); time.sleep(600)\nexcept KeyboardInterrupt: print('bye'); sys.exit({code})\n"
    )
    demo.chmod(0o755)
    (clone / ".venv" / "demo.stamp").touch()
    # Without it, a make that is started by `make test` says which folder it enters.
    line = ["make", "--no-print-directory", "-f", str(ROOT / "Makefile"), "demo"]
    with subprocess.Popen(line, cwd=clone, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        assert running.stdout
        assert running.stdout.readline() == "runs\n"
        os.killpg(running.pid, signal.SIGINT)
        said, errors = running.communicate()
    assert said == "bye\n"
    assert (errors != "") == complains, errors


def test_what_every_change_must_pass_is_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make check", "make test"]
    assert lines[-1] == "make test"
    assert "set -euo pipefail" in lines


def test_a_machine_that_can_install_no_tools_goes_on_and_says_what_it_lacks(tmp_path: Path) -> None:
    for name in ("dirname", "id"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    bash = shutil.which("bash")
    assert bash
    (tmp_path / ".ci").mkdir()
    script = Path(shutil.copy(ROOT / ".ci" / "tools", tmp_path / ".ci"))
    done = subprocess.run([bash, script], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["tools: no browser: needs Debian and root", "tools: no helm: needs go"]
    assert not (tmp_path / ".tools").exists()


@pytest.mark.skipif(shutil.which("timeout") is None, reason="needs the command timeout")
def test_a_tool_that_cannot_be_installed_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    for name, does in (("apt-get", "exit 100"), ("go", "echo no network >&2; exit 1"), ("id", "echo 0")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    for name in ("dirname", "timeout", "mktemp", "tail", "rm", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    (tmp_path / ".ci").mkdir()
    script = Path(shutil.copy(ROOT / ".ci" / "tools", tmp_path / ".ci"))
    environment = {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run([shutil.which("bash") or "bash", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["tools: no browser: apt-get could not install chromium", "tools: no helm: no network"]
    assert not list(tmp_path.glob("tmp*"))
