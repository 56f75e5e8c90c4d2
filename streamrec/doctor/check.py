"""What a check of the doctor says."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """One line: what was looked at, how it is, what was found, and what to do about it (empty when nothing)."""

    name: str
    state: State
    found: str
    advice: str = ""
