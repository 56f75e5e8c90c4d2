"""Commands talk wherever they are started: in a terminal of another encoding, or with streams that are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOCK = "\U0001f9e6"


def run(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell command in which `streamrec` is this checkout's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
    defined = f'streamrec() {{ "{sys.executable}" -m streamrec.cli.main "$@"; }}; '
    return subprocess.run(["/bin/sh", "-c", defined + command], capture_output=True, env={**kept, **environment}, check=False)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    item = {"item_id": "i1", "rank": 1, "score": 1.0, "scores": {}, "reasons": []}
    made = {
        "list_id": "views-0-1",
        "user_id": f"木\x9b2J{SOCK}",
        "trigger": {"topic": "views", "partition": 0, "offset": 1, "event_id": "e", "ts": 1},
        "generated_ts": 1,
        "items": [item],
        "model": {"name": "mini", "revision": "r", "provider": "CPU"},
        "weights_version": "1",
        "seq": 1,
        "covers": [["views", 0, 1]],
        "arm": "default",
    }
    path = tmp_path / "lists.jsonl"
    path.write_text(json.dumps(made) + "\n")
    return path


@pytest.mark.parametrize("encoding", ["gbk", "latin-1", "utf-8"])
def test_a_sign_that_the_terminal_lacks_is_replaced_and_json_escapes_it(lists: Path, encoding: str) -> None:
    command = f"streamrec explain views-0-1 --lists {lists}"
    told = run(command, PYTHONIOENCODING=encoding)
    assert told.returncode == 0, told.stderr
    wanted = f"木\N{REPLACEMENT CHARACTER}2J{SOCK}".encode(encoding, "replace")
    assert b"for " + wanted in told.stdout
    as_json = run(f"{command} --json", PYTHONIOENCODING=encoding).stdout.decode(encoding)
    assert json.loads(as_json)["user_id"] == f"木\x9b2J{SOCK}"
    assert "\x9b" not in as_json


def test_an_error_that_quotes_such_a_sign_is_replaced_too() -> None:
    done = run(f"streamrec explain '{SOCK}' --lists '{SOCK}.jsonl'", PYTHONIOENCODING="gbk")
    assert (done.returncode, done.stderr.decode("gbk")[:22]) == (1, "error: ?.jsonl cannot ")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_as_good_as_dev_null(lists: Path, closed: str) -> None:
    done = run(f"streamrec explain views-0-1 --lists {lists} {closed}")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert run(f"streamrec explain views-0-2 --lists {lists} {closed}").returncode == 1
    assert run(f"streamrec explain --no-such-flag {closed}").returncode == 2


def test_without_stdin_there_is_nobody_to_ask() -> None:
    done = run("streamrec state forget zz <&-")
    assert done.returncode == 1
    assert done.stderr == b"nothing was changed: there is no terminal to ask on; agree with --yes\n"


def test_what_is_opened_later_does_not_become_a_closed_stream() -> None:
    program = (
        "from streamrec.cli.support.output import prepare_streams; import os, sys; prepare_streams(); "
        "sys.stdout.write(str(os.open('/', os.O_RDONLY) > 2))"
    )
    done = run(f'"{sys.executable}" -c "{program}" <&- 2>&-')
    assert done.stdout == b"True"


def test_an_argument_that_is_no_utf_8_is_named() -> None:
    done = run("streamrec explain $(printf 'a\\377') --lists $(printf 'b\\377') --json")
    assert done.returncode == 2
    assert b"is no text in UTF-8: correct the argument, the setting or the name of the file" in done.stderr
