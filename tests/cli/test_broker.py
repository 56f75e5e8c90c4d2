"""`streamrec broker`."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from streamrec.broker.embedded import EmbeddedBroker
from tests.cli.conftest import Cli


@pytest.mark.kafka
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_start_status_and_stop(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "kafka"
    try:
        started = cli("broker", "start", "--data-dir", folder, "--port", 0, "--json").last
        assert cli("broker", "start", "--data-dir", folder, "--port", 0).out.startswith(f"already running at {started['broker']}")
        status = cli("broker", "status", "--data-dir", folder, "--json")
        assert (status.code, status.last) == (0, {**started, "answers": True})
        assert cli("broker", "stop", "--data-dir", folder, "--json").last == {"stopped": True}
        status = cli("broker", "status", "--data-dir", folder)
        assert status.code == 1
        assert "`streamrec broker start` starts it" in status.out
        assert cli("broker", "stop", "--data-dir", folder, "--json").last == {"stopped": False}
    finally:
        EmbeddedBroker(folder).stop()


def test_a_port_in_use_is_an_error_with_advice(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cli("broker", "start", "--data-dir", tmp_path, "--port", taken.getsockname()[1])
    assert done.code == 1
    assert "choose another with --port" in done.err
