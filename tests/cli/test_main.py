"""The command line as a whole: help, exit codes, messages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import streamrec
from streamrec import __version__
from streamrec.cli import main as main_module
from streamrec.cli.main import COMMANDS, app, load_command
from tests.cli.conftest import Cli


def test_the_help_names_every_command_without_importing_any() -> None:
    program = (
        "import sys\n"
        "from streamrec.cli.main import main\n"
        "sys.argv = ['streamrec', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(sorted(name for name in sys.modules if name in ('kafka', 'faust', 'numpy', 'pydantic')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in COMMANDS)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_help_is_there_and_explains_itself(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help


def test_every_help_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")

    def helps(command: Any, words: list[str]) -> Iterator[tuple[str, str]]:
        done = CliRunner().invoke(app, [*words, "--help"])
        assert done.exit_code == 0, done.output
        yield " ".join(words), done.output
        for name, inner in getattr(command, "commands", {}).items():
            yield from helps(inner, [*words, name])

    root = str(Path(streamrec.__file__).parents[1])
    for name in COMMANDS:
        for words, text in helps(load_command(name), [name]):
            found = [odd for odd in ("<class ", "<function ", " at 0x", "PosixPath", "default: None", "default: []", root) if odd in text]
            assert (words, found) == (words, [])


def test_the_version_is_printed(cli: Cli) -> None:
    done = cli("--version")
    assert (done.code, done.out.strip()) == (0, __version__)


def run(*arguments: str, optimize: str = "") -> subprocess.CompletedProcess[str]:
    """Python with these arguments and PYTHONOPTIMIZE, in a process of its own."""
    environment = {**os.environ, "PYTHONOPTIMIZE": optimize}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)


def test_the_package_is_the_command() -> None:
    assert run("-m", "streamrec", "--version").stdout == run("-m", "streamrec.cli.main", "--version").stdout == f"{__version__}\n"
    assert run("-m", "streamrec", "nonsense").returncode == 2


@pytest.mark.parametrize("arguments", [[name] for name in COMMANDS] + [[], ["--help"], ["--version"], ["topics", "describe"]])
def test_no_command_starts_without_assertions(monkeypatch: pytest.MonkeyPatch, cli: Cli, arguments: list[str]) -> None:
    monkeypatch.setattr(main_module, "sys", SimpleNamespace(flags=SimpleNamespace(optimize=1), exit=sys.exit))
    done = cli(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "unset PYTHONOPTIMIZE" in done.err


@pytest.mark.parametrize(
    ("flags", "optimize"), [(["-O"], ""), (["-OO"], ""), ([], "1"), ([], "2")], ids=["-O", "-OO", "PYTHONOPTIMIZE=1", "PYTHONOPTIMIZE=2"]
)
@pytest.mark.parametrize("module", ["streamrec", "streamrec.cli.main"])
def test_python_that_leaves_out_assertions_is_refused_in_one_line(module: str, flags: list[str], optimize: str) -> None:
    done = run(*flags, "-m", module, "topics", "describe", optimize=optimize)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Python leaves out assertions (-O")
    assert "unset PYTHONOPTIMIZE and start Python without -O" in line


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["broker", "start", "--port", "70000"], ["simulate", "shop", "--rate", "-1"], ["config", "show", "--nonsense", "1"]],
)
def test_wrong_usage_exits_with_2(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert "Usage: streamrec" in done.err


def test_a_file_that_is_not_there_is_named(cli: Cli) -> None:
    done = cli("simulate", "shop", "--items", "missing.jsonl")
    assert done.code == 1
    assert done.err.startswith("error: missing.jsonl cannot be read: ")


def test_a_refusal_of_the_system_is_one_line_that_names_the_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = cli("broker", "start", "--data-dir", tmp_path / "file" / "kafka")
    assert done.code == 1
    assert done.err == f"error: {tmp_path / 'file' / 'kafka'}: Not a directory\n"
