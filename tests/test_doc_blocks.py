"""The shell and Python blocks of the README and of the first page of the documentation, run as a reader would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from streamrec.broker.ports import free_ports
from streamrec.web.client import get
from tests.engine.support import ROOT, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka
PAGES = ("README.md", "docs/getting-started.md", "docs/library.md")
ELSEWHERE = ("make ", "pip ")
"""Lines that install: tests of their own run them (test_makefile.py, test_demo.py)."""
STAYS = ("streamrec worker", "streamrec simulate", "python examples/read_lists.py")
"""Commands that go on until Ctrl-C."""
SHIMS = {
    # The broker of the tests runs already.
    "streamrec": f'#!/bin/sh\n[ "$1" = broker ] || exec {sys.executable} -m streamrec.cli.main "$@"\n',
    "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
}


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of every block that is to be run."""
    return re.findall(r"^```(sh|python)\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


class Terminal:
    """Where a reader would be: a clone of the repository with streamrec on the path."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.folder, self.broker = folder, broker
        (self.port,) = free_ports(1)
        (folder / "examples").symlink_to(ROOT / "examples")
        for name, text in SHIMS.items():
            (folder / "bin").mkdir(exist_ok=True)
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
        self.environment = kept | {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "STREAMREC_BROKER": broker,
            "STREAMREC_WEB_PORT": str(self.port),
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def type(self, line: str) -> None:
        """Run a line as it stands, but for addresses that are taken."""
        line = line.replace("127.0.0.1:6066", f"127.0.0.1:{self.port}")
        if line.startswith(STAYS):
            self._start(line.replace("read_lists.py", f"read_lists.py --broker {self.broker}"))
            return
        done = subprocess.run(
            ["bash", "-c", line], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    def python(self, text: str) -> str:
        """Run a program."""
        line = [sys.executable, "-c", text.replace("127.0.0.1:9092", self.broker)]
        done = subprocess.run(line, env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def said(self, command: str) -> str:
        return (self.folder / f"{command.split()[1].replace('/', '-')}.out").read_text()

    def close(self) -> None:
        """Ctrl-C, everywhere."""
        for line, process in reversed(self.running.items()):
            assert process.poll() is None, f"{line} has ended: {self.said(line)}"
            # kafka-python's loop can lose a Ctrl-C; the example leaves nothing behind that would need one.
            os.killpg(process.pid, signal.SIGTERM if "read_lists" in line else signal.SIGINT)
            assert process.wait(PATIENCE_S) in (0, 130) or "read_lists" in line, self.said(line)

    def kill(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, line: str) -> None:
        with (self.folder / f"{line.split()[1].replace('/', '-')}.out").open("wb") as out:
            self.running[line] = subprocess.Popen(
                ["bash", "-c", f"exec {line}"], env=self.environment, cwd=self.folder, stdout=out, stderr=out, start_new_session=True
            )
        if line.startswith("streamrec worker"):
            until(self._ready, f"the worker of {line}: {self.said(line)}", PATIENCE_S)
        elif "read_lists" in line:
            until(lambda: self.said(line), "a list", PATIENCE_S)

    def _ready(self) -> bool:
        with suppress(OSError):
            return get(f"http://127.0.0.1:{self.port}/ready", timeout_s=5).status == 200
        return False


@pytest.fixture
def terminal(broker: str, tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path, broker)
    try:
        yield made
        made.close()
    finally:
        made.kill()


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_says_can_be_typed(terminal: Terminal, page: str) -> None:
    ran = 0
    for language, text in blocks(page):
        if language == "python":
            terminal.python(text)
            ran += 1
            continue
        for line in text.splitlines():
            command = re.sub(r"\s+#.*$", "", line).strip()
            if command and not command.startswith(ELSEWHERE):
                terminal.type(command)
                ran += 1
    assert ran >= 2, f"{page} has blocks to run"


@pytest.mark.parametrize("page", PAGES)
def test_a_block_that_looks_like_commands_is_marked_to_be_run(page: str) -> None:
    for text in re.findall(r"^```\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL):
        assert not re.search(r"^(streamrec|python|curl|make|pip) ", text, re.MULTILINE), text
