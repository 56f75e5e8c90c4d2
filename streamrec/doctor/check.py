"""The result of a check of the doctor."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """A line of the report: what was checked, its state, what was found, and what to do about it (empty if nothing)."""

    name: str
    state: State
    found: str
    advice: str = ""
