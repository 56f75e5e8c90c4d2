"""stdout is data, stderr is progress: the two ways in which commands talk."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any, Literal, TextIO

import typer

from streamrec.system.printing import escaped, json_line, printable_lines


def emit(as_json: bool, data: Any, text: str) -> None:
    """The result: `data` as one line of JSON, or `text`."""
    typer.echo(json_line(data, only_ascii=only_ascii()) if as_json else printable_lines(text))


def emit_line(line: str) -> None:
    """One line of JSON that is there already."""
    typer.echo(escaped(line, only_ascii=only_ascii()))


def note(message: str) -> None:
    """Progress, on stderr."""
    typer.echo(printable_lines(message), err=True)


def only_ascii() -> bool:
    """Whether stdout takes less than all of Unicode; what JSON holds must arrive whole all the same."""
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
    opened = os.open(os.devnull, os.O_RDWR)
    if opened == number:
        os.set_inheritable(opened, True)
    return open(opened, mode, encoding="utf-8")
