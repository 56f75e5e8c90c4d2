"""Points in time as people write and read them: how long ago, or when."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import typer

from streamrec.events.times import EventTimeError, parse_time

UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_AGO = re.compile(r"([0-9]+)([smhd])")
HELP = "30m, 2h or 7d ago, an RFC 3339 time such as 2026-01-31T12:00:00Z, or milliseconds"


def moment(text: str | None, now_ms: int, option: str) -> int | None:
    """Parse the value of an option into a time (ms); None stays None.

    Raises:
        BadParameter: the value is not a time.
    """
    if text is None:
        return None
    if ago := _AGO.fullmatch(text):
        return now_ms - int(ago[1]) * UNITS_MS[ago[2]]
    try:
        return int(parse_time(int(text) if text.isdecimal() else text))
    except EventTimeError as exc:
        raise typer.BadParameter(f"{text} is no time ({exc}); give {HELP}", param_hint=option) from None


def when(ms: float) -> str:
    """Format a time (ms) for people, in UTC as event times are; 0 is "never"."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if ms else "never"
