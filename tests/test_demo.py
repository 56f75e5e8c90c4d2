"""The whole path as a new user starts it: real Kafka, real worker, shipped model; and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamrec.kafka.admin import admin
from streamrec.settings import load
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.kafka, pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")]


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running `streamrec demo` whose processes can be told by their TMPDIR; killed when the test hangs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
    environment |= {"TMPDIR": str(folder), "STREAMREC_PARTITIONS": "2"}
    line = [sys.executable, "-m", "streamrec.cli.main", "demo", "--headless", "--json", *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            for pid in processes(folder):
                os.kill(pid, signal.SIGKILL)


def until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith("ready;"):
            return
    pytest.fail("".join(seen))


def processes(folder: Path, word: bytes = b"") -> list[int]:
    """The processes that were started with this TMPDIR, and with `word` on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}\0".encode() in (entry / "environ").read_bytes() and word in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_every_trigger_is_covered_and_nothing_is_left(tmp_path: Path) -> None:
    with demo(tmp_path, "--duration", "6", "--bad-share", "0.1", "--rate", "15") as process:
        out, err = process.communicate()
        assert process.returncode == 0, err
        assert processes(tmp_path) == []
    report = json.loads(out.splitlines()[-1])
    assert report["lists"] == report["triggers"] - report["coalesced"] > 0
    assert report["uncovered"] == report["repeated"] == 0
    assert report["dead_letters"] == report["bad_sent"] > 0
    assert report["model"] == "mini"
    assert report["provider"].endswith("ExecutionProvider")
    assert 0 < report["p50_ms"] <= report["p99_ms"]
    assert report["first_list_s"] > 0
    assert list(tmp_path.iterdir()) == []


def test_sigterm_on_a_broker_of_someone_elses_leaves_neither_processes_nor_topics(tmp_path: Path, broker: str) -> None:
    with demo(tmp_path, "--broker", broker, "--prefix", "theirs.", "--app-id", "theirs", "--duration", "60") as process:
        until_ready(process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
        assert process.returncode == 130, err
        assert processes(tmp_path) == []
    assert "interrupted after" in err
    assert "Traceback" not in err
    with admin(load(broker=broker)) as client:
        assert [name for name in client.list_topics() if name.startswith("theirs.")] == []
        assert [group["group_id"] for group in client.list_groups() if group["group_id"].startswith("theirs-")] == []
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_dies_ends_the_demo_with_its_log(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        until_ready(process)
        (worker,) = processes(tmp_path, b"\0worker\0")
        os.kill(worker, signal.SIGKILL)
        out, err = process.communicate()
        assert process.returncode == 1
        assert processes(tmp_path) == []
    assert "error: the worker ended with -9; the end of its log:" in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []
