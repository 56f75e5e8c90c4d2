"""What is left out of a fast run is known from fixtures and processes, not from memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.markers import serves

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["/jdk/bin/java", "-cp", "jars", "kafka.Kafka", "server.properties"],
        [sys.executable, "-m", "streamrec.cli.main", "worker", "--data-dir", "state"],
        [sys.executable, "-m", "streamrec", "demo", "--headless"],
        [sys.executable, "-m", "tests.engine.counting"],
        ["bash", "-c", "exec streamrec learn run"],
        "streamrec worker",
        ["/clones/streamrec/.venv/bin/streamrec", "worker"],
        ["sh", "-c", "exec '/clones/streamrec/.venv/bin/streamrec' worker"],
    ],
)
def test_a_test_without_the_marker_starts_neither_broker_nor_worker(command: list[str] | str) -> None:
    with pytest.raises(pytest.fail.Exception, match="mark it `kafka`"):
        subprocess.run(command, check=False)


def test_other_processes_may_be_started() -> None:
    for command in ([sys.executable, "-m", "streamrec.cli.main", "--help"], ["make", "demo"], ["worker"], ["bash", "-c", "true"]):
        assert not serves(command)
    # The folder of a clone is called streamrec, too.
    clone = "/clones/streamrec"
    for command in ([f"{clone}/.venv/bin/python", "-m", "tests.sleeper", "worker"], ["make", "-f", f"{clone}/Makefile", "demo"]):
        assert not serves(command)
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True).stdout == b"1\n"


def test_whoever_reaches_the_broker_by_a_fixture_is_marked(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        reaches = "broker" in getattr(item, "fixturenames", ())
        assert not reaches or item.get_closest_marker("kafka"), item.nodeid


def test_a_fast_run_leaves_out_what_needs_kafka_or_torch() -> None:
    files = (
        "ranking/test_arms.py",
        "cli/test_dlq.py",
        "worker/test_worker.py",
        "training/steps/test_adopt.py",
        "training/data/test_purchases.py",
    )
    command = [sys.executable, "-m", "pytest", "--fast", "--collect-only", "-q", *(f"tests/{file}" for file in files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    collected = {line.split("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert "tests/training/data/test_purchases.py" in collected
    assert not collected & {"tests/worker/test_worker.py", "tests/training/steps/test_adopt.py"}
