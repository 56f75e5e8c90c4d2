"""Event time as it arrives: milliseconds or RFC 3339 text, within a plausible span."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from streamrec.events.fields import EventTime
from streamrec.system.clock import DAY_MS, YEAR_2000_MS

AHEAD_MS = DAY_MS
"""How far ahead of this machine's clock an event may lie: 24 hours, more than any zone for which a clock is mistaken."""
RFC_3339 = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})$"
"""The form of a time that is given as text, for the JSON Schemas."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECONDS = slice(17, 19)
_MINUTE_MS = 60_000
_DAY_MINUTES = 24 * 60
_Zoned = Annotated[datetime, Meta(tz=True)]


class EventTimeError(ValueError):
    """An event's time cannot be read, or lies before 2000 or more than 24 hours ahead."""


def parse_time(raw: Any) -> EventTime:
    """The event time in `raw`, in whole milliseconds since the epoch; finer parts are cut off.

    Raises:
        EventTimeError: neither a whole number nor RFC 3339 text with a zone, or outside the plausible span.
    """
    # By type and not isinstance: True is an int.
    if type(raw) is int:
        ms = raw
    elif type(raw) is float and raw.is_integer():
        ms = int(raw)
    elif type(raw) is str:
        ms = _from_text(raw)
    else:
        raise EventTimeError("Expected whole milliseconds since the epoch or RFC 3339 text")
    if ms < YEAR_2000_MS:
        raise EventTimeError("Expected a time from 2000-01-01 on; milliseconds, not seconds, count")
    if ms > time.time() * 1000 + AHEAD_MS:
        raise EventTimeError("Expected a time at most 24 hours ahead of the worker's clock")
    return EventTime(ms)


def _from_text(raw: str) -> int:
    # datetime knows no second 60, and RFC 3339 allows it: it is read as 59, and a second is added.
    leap = raw[_SECONDS] == "60"
    try:
        moment = msgspec.convert(f"{raw[: _SECONDS.start]}59{raw[_SECONDS.stop :]}" if leap else raw, _Zoned)
    except msgspec.ValidationError:
        raise EventTimeError("Expected RFC 3339 text with a zone, such as 2026-01-31T12:00:00Z") from None
    ms = (moment - _EPOCH) // _MILLISECOND
    if leap and ms // _MINUTE_MS % _DAY_MINUTES != _DAY_MINUTES - 1:
        raise EventTimeError("Expected second 60, a leap second, in the last minute of a UTC day only")
    return ms + 1000 if leap else ms
