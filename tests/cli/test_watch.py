"""`streamrec watch`: lists on real Kafka, in the form of a worker's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from streamrec.cli.watch import block, data
from streamrec.events.codec import encode
from streamrec.events.types import ModelRef, RankedItem, Recommendation, Trigger
from streamrec.operations.titles import Titles
from streamrec.settings import Settings
from tests.cli.conftest import Cli
from tests.patience import PATIENCE_S

NOW = int(time.time() * 1000)
ROOT = Path(__file__).parents[2]


def made(number: int, user: str = "anna", room: str | None = "tea", **more: Any) -> Recommendation:
    items = [RankedItem(item_id=name, rank=rank, score=1 / rank, scores={}, reasons=["new"]) for rank, name in enumerate(("mug", "cup"), 1)]
    values: dict[str, Any] = {
        "list_id": f"views-0-{number}",
        "user_id": user,
        "trigger": Trigger(topic="p.views", partition=0, offset=number, event_id=f"e{number}", ts=NOW),
        "generated_ts": NOW + number,
        "items": items,
        "model": ModelRef(name="mini", revision="1", provider="CPU"),
        "weights_version": "1",
        "seq": number,
        "covers": [("p.views", 0, number)],
        "arm": "default",
        "room_id": room,
    }
    return Recommendation(**(values | more))


def test_a_list_is_told_in_a_few_lines_and_without_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    titles = Titles({"mug": "Red mug\x1b[2J " + "x" * 60}, {"tea": "Tea time"})
    head, first, second = block(made(34, degraded="overload"), titles, 5, "p.", with_user=False).splitlines()
    assert "  views in Tea time  34 ms  degraded: overload  views-0-34" in head
    assert "anna" not in head
    assert "Red mug\N{REPLACEMENT CHARACTER}[2J x" in first
    assert first.endswith("…    1.000  new")
    assert "cup" in second
    assert "anna  views" in block(made(34), titles, 1, "p.", with_user=True)


def test_a_title_is_cut_on_a_terminal_only() -> None:
    title = "Red mug " + "x" * 60
    assert f"{title}    1.000" in block(made(34), Titles({"mug": title}), 5, "p.", with_user=False)


def test_nothing_of_a_list_is_obeyed_by_a_terminal() -> None:
    hostile = "x\x1b[2J\n\u202e"
    strange = made(1, user=hostile, room=hostile, list_id=hostile, degraded=hostile)
    lines = block(strange, Titles(), 5, "p.", with_user=True)
    assert len(lines.splitlines()) == len(block(made(1), Titles(), 5, "p.", with_user=True).splitlines())
    assert not set(lines) & set("\x1b\u202e")


def test_a_list_without_items_and_one_for_an_old_event_are_told_too() -> None:
    old = made(3, items=[], trigger=Trigger(topic="p.danmaku", partition=0, offset=3, event_id="e", ts=NOW - 10**9), room_id=None)
    head, body = block(old, Titles(), 5, "p.", with_user=False).splitlines()
    assert "danmaku  event time is another" in head
    assert body.strip() == "no items"
    several = made(5, covers=[("p.views", 0, 4), ("p.views", 0, 5)])
    assert "views and 1 more in tea" in block(several, Titles(), 5, "p.", with_user=False)


def test_json_is_the_list_without_the_user() -> None:
    assert json.loads(json.dumps(data(made(1), with_user=True))) == json.loads(encode(made(1)))
    assert "user_id" not in data(made(1), with_user=False)


@pytest.mark.kafka
def test_lists_are_shown_from_the_last_ones_on_and_as_they_come(cli: Cli, kafka: Settings) -> None:
    flags = ["--broker", kafka.broker, "--prefix", kafka.prefix]
    with KafkaProducer(bootstrap_servers=kafka.broker, acks="all") as producer:

        def send(topic: str, key: str, value: bytes) -> None:
            producer.send(kafka.topic(topic), value, key=key.encode()).get(10)

        send("items", "mug", b'{"item_id": "mug", "title": "Red mug", "price": 1, "currency": "GBP"}')
        send("rooms", "tea", b'{"room_id": "tea", "host_id": "h", "status": "live", "shelf": [], "title": "Tea time", "ts": 1700000000000}')
        for number, user, room in ((1, "anna", "tea"), (2, "ben", "toys"), (3, "anna", "toys"), (3, "anna", "toys"), (4, "carl", "tea")):
            send("recommendations", user, encode(made(number, user, room)))

        def ids(*arguments: object) -> list[str]:
            done = cli("watch", "--json", *arguments, *flags)
            assert done.code == 0, done.err
            return [json.loads(one)["list_id"][-1] for one in done.out.splitlines()]

        assert ids("--last", 2, "--count", 2) == ["3", "4"]
        assert ids("--user", "anna", "--last", 9, "--count", 2) == ["1", "3"]
        assert ids("--room", "tea", "--last", 9, "--count", 2) == ["1", "4"]
        shown = cli("watch", "--last", 1, "--count", 1, *flags)
        assert "views in Tea time" in shown.out
        assert "Red mug" in shown.out
        assert "carl" not in shown.out + shown.err

        environment = {key: value for key, value in os.environ.items() if not key.startswith("STREAMREC_")}
        command = [sys.executable, "-m", "streamrec.cli.main", "watch", "--last", "1", "--show-users", *flags]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment | {"PYTHONUNBUFFERED": "1"}
        )
        try:
            assert process.stdout is not None
            assert "carl" in process.stdout.readline()
            send("recommendations", "dora", encode(made(5, "dora")))
            assert any("dora" in process.stdout.readline() for _ in range(3))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert err == "waiting for lists; Ctrl-C ends\n"


@pytest.mark.kafka
def test_who_has_read_enough_may_close_the_pipe(kafka: Settings) -> None:
    with KafkaProducer(bootstrap_servers=kafka.broker, acks="all") as producer:
        for number in range(400):
            producer.send(kafka.topic("recommendations"), encode(made(number)), key=b"anna")
    command = f"{sys.executable} -m streamrec.cli.main watch --json --last 400 --count 400 --broker {kafka.broker} --prefix {kafka.prefix}"
    line = ["bash", "-c", f"{command} | head -n 1"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE_S, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == "waiting for lists; Ctrl-C ends\n"


@pytest.mark.kafka
def test_without_a_topic_of_lists_it_is_said(cli: Cli, broker: str) -> None:
    done = cli("watch", "--broker", broker, "--prefix", "nowhere.")
    assert (done.code, done.out) == (1, "")
    assert "has no topic nowhere.recommendations" in done.err
