"""`streamrec worker` that cannot start says why, names the next step, and exits with 1."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from streamrec.bert.folder import SHIPPED
from streamrec.settings import Settings
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka


def worker(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
    line = [sys.executable, "-m", "streamrec.cli.main", "worker", "--data-dir", "state", "--web-port", "0", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=environment, cwd=folder, timeout=PATIENCE_S, check=False)


def test_without_a_broker_it_names_the_command_that_starts_one(tmp_path: Path) -> None:
    done = worker(tmp_path, "--broker", "127.0.0.1:1", "--broker-patience-s", "0.5")
    assert done.returncode == 1
    assert "no Kafka broker answers at 127.0.0.1:1" in done.stderr
    assert "streamrec broker start" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_model_is_named(tmp_path: Path, kafka: Settings) -> None:
    done = worker(tmp_path, "--broker", kafka.broker, "--prefix", kafka.prefix, "--model", tmp_path / "nowhere")
    assert done.returncode == 1
    assert str(tmp_path / "nowhere") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_that_is_not_the_published_one_is_refused(tmp_path: Path, kafka: Settings) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(SHIPPED, changed)
    with (changed / "vocab.txt").open("a") as vocabulary:
        vocabulary.write("more\n")
    done = worker(tmp_path, "--broker", kafka.broker, "--prefix", kafka.prefix, "--model", changed)
    assert done.returncode == 1
    assert "vocab.txt" in done.stderr
    assert "streamrec models verify" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_web_port_in_use_is_refused(tmp_path: Path, kafka: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = worker(tmp_path, "--broker", kafka.broker, "--prefix", kafka.prefix, "--scoring", "off", "--web-port", port)
    assert done.returncode == 1
    assert "choose another port with --web-port" in done.stderr


def test_topics_with_another_number_of_partitions_are_refused(tmp_path: Path, kafka: Settings) -> None:
    done = worker(tmp_path, "--broker", kafka.broker, "--prefix", kafka.prefix, "--partitions", 3, "--scoring", "off")
    assert done.returncode == 1
    assert "STREAMREC_PARTITIONS=8" in done.stderr


def test_an_unknown_setting_exits_with_2(tmp_path: Path) -> None:
    (tmp_path / "streamrec.toml").write_text("brokr = 'x'\n")
    done = worker(tmp_path)
    assert done.returncode == 2
    assert "brokr is not a setting; did you mean broker?" in done.stderr


def test_errors_are_one_line_of_text_on_stderr_and_nothing_on_stdout(tmp_path: Path) -> None:
    done = worker(tmp_path, "--k", "0")
    assert (done.returncode, done.stdout) == (2, "")
    with pytest.raises(json.JSONDecodeError):
        json.loads(done.stderr)
    assert len(done.stderr.splitlines()) == 1
