"""What is let through to stderr."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from streamrec import logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Everything that was logged since the last look."""
    handlers, level = logging.root.handlers[:], logging.root.level
    levels = {name: logging.getLogger(name).level for name in logs.NOISY}
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)
    structlog.reset_defaults()


def test_off_a_terminal_every_line_is_json_with_what_was_given(said: Lines) -> None:
    logs.configure("INFO")
    log = structlog.get_logger("streamrec.test")
    log.info("started", port=1)
    log.debug("not wanted")
    (line,) = said()
    assert (line["event"], line["port"], line["level"], line["logger"]) == ("started", 1, "info", "streamrec.test")


def test_a_client_is_heard_only_when_its_trouble_lasts_and_then_once_in_a_while(
    said: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    logs.configure("INFO")
    client = logging.getLogger("aiokafka.conn")
    for _ in range(400):
        client.error("cannot connect to %s", "there")
        now[0] += 0.1
    assert [line["event"] for line in said()] == ["cannot connect to there"] * 2
    now[0] += logs.FORGET_S + 1
    client.error("cannot connect to %s", "there")
    assert said() == [], "a new trouble must last, too"


def test_a_traceback_of_a_client_is_heard_at_once(said: Lines) -> None:
    logs.configure("INFO")
    try:
        raise RuntimeError("its task has died")
    except RuntimeError:
        logging.getLogger("aiokafka.consumer").exception("Unexpected error")
    (line,) = said()
    assert "its task has died" in line["exception"]


def test_others_are_heard_at_once(said: Lines) -> None:
    logs.configure("WARNING")
    for _ in range(2):
        logging.getLogger("elsewhere").warning("twice")
    logging.getLogger("mode").error("Faust's own")
    assert [line["event"] for line in said()] == ["twice", "twice"]
