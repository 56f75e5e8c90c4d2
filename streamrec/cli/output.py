"""stdout is data, stderr is progress: the two ways in which commands talk."""

from __future__ import annotations

from typing import Any

import msgspec
import typer


def emit(as_json: bool, data: Any, text: str) -> None:
    """The result: `data` as one line of JSON, or `text`."""
    typer.echo(msgspec.json.encode(data).decode() if as_json else text)


def note(message: str) -> None:
    """Progress, on stderr."""
    typer.echo(message, err=True)


def printable(text: str) -> str:
    """What others wrote, on one line and without anything that a terminal would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
