"""Logs on stderr: a line per event, as JSON unless stderr is a terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

from streamrec.system.printing import escaped, printable, printable_lines

# A broker that restarts or an election of a leader is over within seconds, and nobody has to act on it.
LASTING_S = 3.0
# Clients try again every few hundred ms: a complaint that was not heard for this long is over, and begins anew.
FORGET_S = 10.0
REPEAT_S = 30.0
PLACE = ("topic", "partition", "offset", "trace_id")
NOISY = {
    "aiokafka": logging.ERROR,
    "asyncio": logging.ERROR,
    "faust": logging.CRITICAL,
    "kafka": logging.CRITICAL,
    "mode": logging.CRITICAL,
}


class Lasting(logging.Filter):
    """Lets complaints of the Kafka clients through only once they have lasted, and then only every REPEAT_S.

    The clients report each of many attempts a second, even where the next one succeeds.
    """

    def __init__(self) -> None:
        super().__init__()
        self._since: dict[tuple[str, str], float] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        library = record.name.split(".")[0]
        # A traceback from aiokafka means that one of its tasks has died, while asyncio logs one for every commit that was given up.
        if library not in NOISY or (record.exc_info and library == "aiokafka"):
            return True
        what, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._last.get(what, now) > FORGET_S:
            del self._since[what]
        self._last[what] = now
        if now - self._since.setdefault(what, now) < LASTING_S or now - self._said.get(what, now - REPEAT_S) < REPEAT_S:
            return False
        self._said[what] = now
        return True


def configure(level: str) -> None:
    """Send the logs of this process, ours and those of libraries, to stderr; `level` is a name such as "INFO"."""
    # What the pure code logs about a record becomes fields.
    known = structlog.stdlib.ExtraAdder(allow=PLACE)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    # Escaped before the colours are added, which are escape sequences themselves; JSON is escaped as a whole.
    render: list[Any] = [_for_people, structlog.dev.ConsoleRenderer()] if sys.stderr.isatty() else [_as_json]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    if level != "DEBUG":
        handler.addFilter(Lasting())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[known, *shared], processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render]
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name, least in NOISY.items():
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else least)


_to_json = structlog.processors.JSONRenderer(ensure_ascii=False)


def _as_json(logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    return escaped(str(_to_json(logger, method, event)))


def _for_people(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without anything that a terminal would obey; tracebacks keep their lines."""
    for name, value in event.items():
        if name == "exception":
            event[name] = printable_lines(str(value))
        elif not isinstance(value, int | float | None):
            event[name] = printable(str(value))
    return event
