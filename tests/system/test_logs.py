"""What is let through to stderr."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from streamrec.contract.records import place
from streamrec.system import logs

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


def test_a_client_is_heard_only_when_its_trouble_lasts_and_then_once_in_a_while(said: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_where_a_record_was_read_and_its_trace_are_fields_of_their_own(said: Lines) -> None:
    logs.configure("INFO")
    headers = [("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    record: Any = SimpleNamespace(topic="items", partition=0, offset=7, key=b"private", value=b"private", headers=headers)
    logging.getLogger("streamrec.worker").warning("a record cannot be used: %s", "no title", extra=place(record))
    (line,) = said()
    assert line["event"] == "a record cannot be used: no title"
    wanted = {"topic": "items", "partition": 0, "offset": 7, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    assert {name: line[name] for name in wanted} == wanted
    assert "private" not in json.dumps(line)


@pytest.mark.parametrize("headers", [[], [("traceparent", b"nonsense")]])
def test_a_record_without_a_trace_has_no_trace_id(headers: Any) -> None:
    assert "trace_id" not in place(SimpleNamespace(topic="items", partition=0, offset=7, headers=headers))


def test_on_a_terminal_a_line_is_for_people(monkeypatch: pytest.MonkeyPatch, said: Lines) -> None:
    monkeypatch.setattr(logs.sys.stderr, "isatty", lambda: True, raising=False)
    logs.configure("INFO")
    (handler,) = logging.root.handlers
    line = handler.format(logging.LogRecord("streamrec.test", logging.INFO, "", 0, "partitions are open", (), None))
    assert "partitions are open" in line
    with pytest.raises(json.JSONDecodeError):
        json.loads(line)


HOSTILE = "\x9b2J\u202ebad\x1b]0;x\x07"


def test_what_others_wrote_is_escaped_in_json(said: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO")
    structlog.get_logger("streamrec.test").info("dead letter", message=f"木{HOSTILE}")
    raw = capsys.readouterr().err
    assert not set(raw) & set("\x9b\u202e\x1b\x07")
    assert json.loads(raw)["message"] == f"木{HOSTILE}"


def test_what_others_wrote_is_not_obeyed_by_a_terminal(
    said: Lines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    logs.configure("INFO")
    log = structlog.get_logger("streamrec.test")
    log.info(f"dead letter {HOSTILE}", message=f"one\ntwo{HOSTILE}", raw=HOSTILE.encode(), list=[HOSTILE], number=1)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("failed")
    logging.getLogger("other").warning("library %s", HOSTILE)
    raw = capsys.readouterr().err
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", raw)
    assert not set(without_colours) & set("\x9b\u202e\x1b\x07")
    assert "one two" in without_colours
    assert "number" in without_colours
    assert without_colours.count("dead letter") == without_colours.count("library") == 1
