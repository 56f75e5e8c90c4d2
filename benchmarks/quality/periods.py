"""The spans that are measured, and from when on there is something to learn for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from streamrec.system.clock import DAY_MS


@dataclass(frozen=True, slots=True)
class Period:
    """Orders from `since` up to `until` (ms) are measured; what is trained for them learns from those between `learn_from` and `since`."""

    name: str
    since: int
    until: int
    learn_from: int


def months(since: date, until: date, train_days: int) -> list[Period]:
    """The calendar months (UTC) between two days, the first and the last cut off there, each with `train_days` before it to learn from."""
    starts = [since, *_firsts(since, until), until]
    return [Period(f"{start:%Y-%m}", ms(start), ms(end), ms(start) - train_days * DAY_MS) for start, end in pairwise(starts)]


def ms(day: date) -> int:
    """The begin (UTC) of a day in ms."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def month_of(moment: int) -> str:
    """The calendar month (UTC) of a time in ms."""
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m}"


def _firsts(since: date, until: date) -> Iterator[date]:
    """The first days of months that lie between two days."""
    year, month = since.year, since.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        first = date(year, month, 1)
        if first >= until:
            return
        yield first
