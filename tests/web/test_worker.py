"""A real worker's web server and data folder, seen from outside."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from streamrec.kafka import topics
from streamrec.settings import Settings
from streamrec.system.clock import now_ms
from tests.engine.support import ROOT, Worker, stop_all, until

IDLE = 700
pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def worker(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that knows of one user."""
    settings = Settings(broker=broker, prefix="outside.", app_id="outside", partitions=4, data_dir=tmp_path_factory.mktemp("outside"))
    topics.create(settings)
    made = Worker(settings, module="tests.web.limited worker", STREAMREC_SCORING="off")
    view = {"user_id": "ann", "item_id": "mug", "ts": now_ms()}
    with KafkaProducer(bootstrap_servers=broker, acks="all") as producer:
        producer.send(settings.topic("views"), json.dumps(view).encode(), key=b"ann").get(timeout=30)
    try:
        made.start().ready()
        until(lambda: made.get("/state/ann")[0] == 200, "the row")
        yield made
        assert made.errors() == []
    finally:
        stop_all([made])


def port_of(worker: Worker) -> int:
    return int(json.loads((worker.folder / "web.json").read_bytes())["port"])


def ask(worker: Worker, path: str, *headers: str) -> int:
    """The status that a request with these headers and no others gets."""
    with socket.create_connection(("127.0.0.1", port_of(worker)), timeout=60) as connection:
        connection.sendall("\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.parametrize("path", ["/", "/feed", "/feed?user=ann", "/state/ann", "/removed?viewer=ann", "/live", "/ready", "/metrics"])
def test_a_page_whose_name_was_rebound_is_told_nothing(worker: Worker, path: str) -> None:
    assert ask(worker, path, "Host: evil.example") == 403
    assert ask(worker, path, "Host: LOCALHOST.:1") == 200


@pytest.mark.parametrize("path", ["/", "/feed?user=ann", "/state/ann", "/removed?viewer=ann"])
def test_a_proxy_of_this_machine_is_told_nothing_of_people(worker: Worker, path: str) -> None:
    assert ask(worker, path, "Host: localhost", "X-Forwarded-For: 203.0.113.7") == 403
    assert ask(worker, "/ready", "Host: localhost", "X-Forwarded-For: 203.0.113.7") == 200


def test_probes_are_answered_under_more_idle_connections_than_descriptors(worker: Worker) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * IDLE
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with contextlib.ExitStack() as stack:
            for number in range(IDLE):
                stack.enter_context(socket.create_connection(("127.0.0.1", port_of(worker)), timeout=60))
                if number % 100 == 99:
                    assert [worker.get(path)[0] for path in ("/live", "/ready")] == [200, 200]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [line["event"] for line in worker.errors()] == ["the web server has as many connections as it may; idle ones are ended"]
    worker.log.write_bytes(b"")


def test_what_people_did_lies_on_the_disk_for_its_owner_alone(worker: Worker) -> None:
    paths = [worker.folder, *worker.folder.rglob("*")]
    assert any(path.suffix == ".log" for path in paths), "RocksDB's files are among them"
    modes = {}
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # RocksDB removes some
            modes[str(path)] = stat.S_IMODE(path.stat().st_mode)
    assert not [path for path, mode in modes.items() if mode & 0o077]


def test_the_command_asks_it_past_every_proxy(worker: Worker) -> None:
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
    line = [sys.executable, "-m", "streamrec.cli.main", "state", "get", "ann", "--json"]
    done = subprocess.run(line, capture_output=True, text=True, env=worker.environment | proxies, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["row"]["seen"]
