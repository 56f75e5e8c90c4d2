"""The examples as their readers run them: a producer, a worker in between, a consumer; and ranking without any of them."""

from __future__ import annotations

import json
import os
import re
import runpy
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamrec.broker.ports import free_ports
from streamrec.demo.worker import WorkerProcess
from streamrec.kafka import topics
from streamrec.settings import Settings, load
from tests.patience import PATIENCE_S

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def worker(broker: str, tmp_path: Path) -> Iterator[Settings]:
    """A real worker that is ready, on topics of its own."""
    name = f"examples-{secrets.token_hex(4)}"
    settings = load(broker=broker, prefix=f"{name}.", app_id=name, partitions=2, data_dir=tmp_path / "state", web_port=0)
    topics.create(settings)
    process = WorkerProcess(settings, tmp_path / "worker.log")
    try:
        process.start()
        process.await_ready(lambda message: None)
        yield settings
        assert process.stop() == 0, process.log_tail()
    finally:
        process.stop()


def run(script: str, settings: Settings, *arguments: str) -> str:
    line = [sys.executable, str(EXAMPLES / script), "--broker", settings.broker, "--prefix", settings.prefix, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.kafka
def test_what_the_live_room_sends_comes_back_as_lists(worker: Settings) -> None:
    assert "sent 3 items, a room and three events" in run("live_room_producer.py", worker)
    lines = run("read_lists.py", worker, "--count", "1").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("anna after ")
    assert any(item in lines[0] for item in ("mug-1", "mug-2", "lamp-1"))


def test_what_happens_has_the_time_at_which_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else lists would seem to come late by what the sends before took."""
    play = runpy.run_path(str(EXAMPLES / "live_room_producer.py"))["play"]
    clock, sent = [1_700_000_000.0], []

    class SlowProducer:
        def send(self, topic: str, key: bytes, value: bytes) -> SlowProducer:
            sent.append((topic, json.loads(value).get("ts"), int(clock[0] * 1000)))
            return self

        def get(self, timeout: float) -> None:
            clock[0] += 0.1

    monkeypatch.setattr(time, "time", lambda: clock[0])
    play(SlowProducer(), "")
    assert [topic for topic, _, _ in sent] == ["items"] * 3 + ["rooms", "views", "danmaku", "purchases"]
    assert [ts for _, ts, _ in sent] == [None] * 3 + [now for _, _, now in sent[3:]]


@pytest.mark.kafka  # their clients wait half a minute for one
@pytest.mark.parametrize("script", ["live_room_producer.py", "read_lists.py"])
def test_without_a_broker_an_example_ends_with_one_line(script: str) -> None:
    (port,) = free_ports(1)
    line = [sys.executable, str(EXAMPLES / script), "--broker", f"127.0.0.1:{port}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in done.stderr


@pytest.mark.parametrize("script", ["live_room_producer.py", "read_lists.py"])
def test_an_example_is_short_and_explains_itself(script: str) -> None:
    assert len((EXAMPLES / script).read_text().splitlines()) <= 60
    done = subprocess.run([sys.executable, str(EXAMPLES / script), "--help"], capture_output=True, text=True, check=True)
    assert "--broker" in done.stdout


def test_ranking_without_kafka_prints_a_list_with_its_reasons() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMREC_")}
    line = [sys.executable, str(EXAMPLES / "rank_without_kafka.py")]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = done.stdout.splitlines()
    assert re.fullmatch(r"1\. lamp-1 \d+\.\d{3}: You asked about its size\..*", first)
    assert len(others) == 2


def test_what_ranks_without_kafka_takes_ten_lines() -> None:
    (body,) = re.findall(r"    with Recommender.*?(?=\n\n)", (EXAMPLES / "rank_without_kafka.py").read_text(), re.DOTALL)
    calls = [line for line in body.splitlines() if line.strip(" )")]
    assert len(calls) <= 11, "ten, and the `with`"
