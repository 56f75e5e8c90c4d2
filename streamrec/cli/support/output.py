"""The two outputs of a command: results go to stdout, progress goes to stderr."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any, Literal, TextIO

import typer

from streamrec.system.printing import escaped, json_line, printable_lines


def emit(as_json: bool, data: Any, text: str) -> None:
    """Print the result: `data` as one line of JSON, or `text`."""
    typer.echo(json_line(data, only_ascii=only_ascii()) if as_json else printable_lines(text))


def emit_line(line: str) -> None:
    """Print a line that is JSON already."""
    typer.echo(escaped(line, only_ascii=only_ascii()))


def note(message: str) -> None:
    """Print progress to stderr."""
    typer.echo(printable_lines(message), err=True)


def only_ascii() -> bool:
    """Whether stdout takes less than all of Unicode; JSON must then escape the rest, since its values must arrive whole."""
    return not codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")


def prepare_streams() -> None:
    """Make stdin, stdout and stderr usable wherever the process was started.

    Signs that the terminal's encoding lacks become question marks. A stream that is closed becomes /dev/null, under its own number:
    otherwise the next file or socket would get that, and with it what libraries and child processes write to stderr.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, _nowhere(number, "w" if number else "r"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _nowhere(number: int, mode: Literal["r", "w"]) -> TextIO:
    # The lowest free number is the one that was closed, unless another thread was faster.
    opened = os.open(os.devnull, os.O_RDWR)
    if opened == number:
        os.set_inheritable(opened, True)
    return open(opened, mode, encoding="utf-8")
