"""How many users and events of a partition wait: for their lists, for their schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Backlog(NamedTuple):
    """Users who wait for their lists, those among them whose time has come, and for how long (s) the first of these has waited since.

    `parked` are events that wait for their schemas.
    """

    waiting: int = 0
    overdue: int = 0
    overdue_s: float = 0.0
    parked: int = 0


def together(backlogs: Iterable[Backlog]) -> Backlog:
    """Who and what waits in several partitions."""
    waiting, overdue, overdue_s, parked = zip(Backlog(), *backlogs, strict=True)
    return Backlog(sum(waiting), sum(overdue), max(overdue_s), sum(parked))
